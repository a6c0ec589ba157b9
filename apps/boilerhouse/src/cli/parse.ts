import { parseArgs } from 'node:util'

import type { Command, FlagTable } from './command.ts'

/** Taken by every command. */
export const globalFlags = {
  json: { kind: 'truth', about: 'Print the answer as JSON.' },
  url: { kind: 'text', value: 'URL', about: 'Of the server. Default: BOILERHOUSE_URL, else from the settings.' },
  key: { kind: 'text', value: 'KEY', about: "API key. Default: BOILERHOUSE_API_KEY, else the data directory's admin key." },
  help: { kind: 'truth', short: 'h', about: 'Show this help.' },
} as const satisfies FlagTable

export class UsageError extends Error {
  override readonly name = 'UsageError'
}

export interface Parsed {
  readonly args: readonly string[]
  readonly rest: readonly string[]
  readonly flags: Readonly<Record<string, unknown>>
}

/** Reads what follows the command's path. Throws `UsageError` that says what was wrong. */
export function parseInvocation(command: Command, argv: readonly string[]): Parsed {
  const table: FlagTable = { ...command.flags, ...globalFlags }
  const split = argv.indexOf('--')
  const before = split < 0 ? argv : argv.slice(0, split)
  const rest = split < 0 ? [] : argv.slice(split + 1)
  if (rest.length > 0 && !command.takesRest) throw new UsageError(`Cannot read the command line: nothing may follow "--" here`)
  const { values, positionals } = readArgv(table, before)
  checkCount(command, positionals)
  return {
    args: positionals,
    rest,
    flags: Object.fromEntries(Object.entries(table).map(([name, flag]) => [name, convert(name, flag.kind, values[name])])),
  }
}

function readArgv(table: FlagTable, argv: readonly string[]): { values: Record<string, unknown>; positionals: string[] } {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, flag]) => [
      name,
      {
        type: flag.kind === 'truth' ? ('boolean' as const) : ('string' as const),
        multiple: flag.kind === 'many',
        ...(flag.short ? { short: flag.short } : {}),
      },
    ]),
  )
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(`Cannot read the command line: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function checkCount({ args, path }: Command, given: readonly string[]): void {
  const least = args.filter((name) => !name.endsWith('?')).length
  if (given.length < least) throw new UsageError(`Cannot run "${path.join(' ')}": <${args[given.length]}> is missing`)
  if (given.length > args.length)
    throw new UsageError(`Cannot run "${path.join(' ')}": "${given[args.length]}" is one argument too many`)
}

function convert(name: string, kind: FlagTable[string]['kind'], value: unknown): unknown {
  if (kind === 'truth') return value === true
  if (kind === 'many') return value ?? []
  if (value === undefined || kind === 'text') return value
  if (kind === 'whole') {
    const number = Number(value)
    if (!Number.isSafeInteger(number)) throw new UsageError(`Cannot read --${name}: it must be a whole number, got "${value}"`)
    return number
  }
  return parseJsonObject(name, String(value))
}

function parseJsonObject(name: string, text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text)
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed
  } catch (error) {
    throw new UsageError(`Cannot read --${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
  throw new UsageError(`Cannot read --${name}: it must be a JSON object, got ${text.slice(0, 40)}`)
}

/** `NAME=value` pairs, as `--secret` and `--env` take them. `@file` after `=` is read by the caller. */
export function parsePairs(flag: string, pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new UsageError(`Cannot read --${flag}: it must be NAME=value, got "${pair.slice(0, 20)}"`)
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
