import { readFile } from 'node:fs/promises'

import { parse } from 'yaml'

import { UsageError } from './parse.ts'

/** Reads `--file`: JSON or YAML, `-` for standard input. */
export async function readBodyFile(file: string | undefined): Promise<Record<string, unknown>> {
  if (file === undefined) throw new UsageError('Cannot read the body: --file is missing')
  const text = file === '-' ? await Bun.stdin.text() : await readText(file)
  const value: unknown = parse(text)
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new UsageError(`Cannot read ${file}: it must hold an object`)
  return value as Record<string, unknown>
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UsageError(`Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
