import { watch } from 'node:fs'
import { mkdir } from 'node:fs/promises'

import type { Clock, Logger } from '@boilerhouse/base'
import type { Client } from '@boilerhouse/client'

import { applyDefinitions } from './apply-definitions.ts'
import { readDefinitions, type Definition } from './read-definitions.ts'

export interface WatchDeps {
  readonly directory: string
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
}

/** Editors write a file in several steps; all of them are one change. */
const settleMs = 200

/** Applies the directory's files at once and after each change, only those that changed. Ends when `signal` aborts. */
export async function watchDefinitions({ directory, client, clock, log }: WatchDeps, signal: AbortSignal): Promise<void> {
  await mkdir(directory, { recursive: true })
  const applied = new Map<string, string>()
  const changed = { wake: Promise.withResolvers<void>() }
  const watcher = watch(directory, { recursive: true }, (_event, file) => {
    if (file === null || /\.ya?ml$/.test(file)) changed.wake.resolve()
  })
  signal.addEventListener('abort', () => changed.wake.resolve(), { once: true })
  try {
    while (!signal.aborted) {
      changed.wake = Promise.withResolvers<void>()
      await applyChanged({ directory, client, log, applied })
      await changed.wake.promise
      await clock.sleep(settleMs, signal)
    }
  } finally {
    watcher.close()
  }
}

async function applyChanged({
  directory,
  client,
  log,
  applied,
}: Pick<WatchDeps, 'directory' | 'client' | 'log'> & { applied: Map<string, string> }): Promise<void> {
  const { definitions, problems } = await readDefinitions(directory)
  for (const problem of problems) log.warn('A workload file cannot be read', { problem })
  const key = ({ kind, id }: Definition) => `${kind}/${id}`
  const due = definitions.filter((definition) => applied.get(key(definition)) !== JSON.stringify(definition.body))
  for (const { definition, outcome, detail } of await applyDefinitions(client, due)) {
    applied.set(key(definition), JSON.stringify(definition.body))
    const fields = { file: definition.file, object: key(definition), ...(detail === undefined ? {} : { detail }) }
    if (outcome === 'refused') log.warn('A workload file was refused', fields)
    else log.info(`A workload file was applied: ${outcome}`, fields)
  }
}
