import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { idFromName } from '@boilerhouse/resources'
import { parseAllDocuments } from 'yaml'

/** One document of a file: the body of `PUT /workloads/:id` or `PUT /pools/:id`, with its `kind`. */
export interface Definition {
  readonly kind: 'workload' | 'pool'
  readonly id: string
  readonly body: Readonly<Record<string, unknown>>
  /** Relative to the directory, for messages. */
  readonly file: string
}

export interface Definitions {
  readonly definitions: readonly Definition[]
  /** A file that cannot be used: said, and the others go on. */
  readonly problems: readonly string[]
}

/**
 * Reads every `*.yaml` and `*.yml` of a directory and of the directories directly below it (so that a workload's file may lie beside its
 * build context). Workloads come before pools, so that one file may hold both.
 */
export async function readDefinitions(directory: string): Promise<Definitions> {
  const read = await Promise.all((await yamlFiles(directory)).map((file) => readFileOf(directory, file)))
  return ordered({ definitions: read.flatMap((part) => part.definitions), problems: read.flatMap((part) => part.problems) })
}

/** The documents of one file, for `workload apply` and `workload check`. */
export async function readDefinitionFile(file: string): Promise<Definitions> {
  return ordered(await readFileOf(dirname(file), basename(file)))
}

const ordered = ({ definitions, problems }: Definitions): Definitions => ({
  definitions: [...definitions.filter(({ kind }) => kind === 'workload'), ...definitions.filter(({ kind }) => kind === 'pool')],
  problems,
})

async function yamlFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const below = entries
    .filter((entry) => entry.isDirectory())
    .map(async ({ name }) => {
      const files = await readdir(join(directory, name), { withFileTypes: true })
      return files.filter((file) => file.isFile()).map((file) => join(name, file.name))
    })
  const direct = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  return [...direct, ...(await Promise.all(below)).flat()].filter((name) => /\.ya?ml$/.test(name)).sort()
}

async function readFileOf(directory: string, file: string): Promise<Definitions> {
  const documents = parseAllDocuments(await readFile(join(directory, file), 'utf8'))
  const parts = [...documents].map((document) => {
    const error = document.errors[0]
    return error ? `${file}: ${error.message}` : define(document.toJS(), file)
  })
  return {
    definitions: parts.filter((part) => typeof part !== 'string'),
    problems: parts.filter((part) => typeof part === 'string'),
  }
}

function define(value: unknown, file: string): Definition | string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return `${file}: a document must be an object`
  const { kind = 'workload', ...body } = value as Record<string, unknown>
  if (kind !== 'workload' && kind !== 'pool') return `${file}: kind must be workload or pool, got ${JSON.stringify(kind)}`
  const name = typeof body['name'] === 'string' ? idFromName(body['name']) : undefined
  const id = body['id'] ?? name ?? basename(file).replace(/\.ya?ml$/, '')
  if (typeof id !== 'string') return `${file}: id must be a string`
  return { kind, id, body, file }
}
