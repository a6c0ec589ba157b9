import { join } from 'node:path'

import type { Client } from '@boilerhouse/client'

import { answer } from '../cli/answer.ts'
import { applyDefinitions, type Applied } from './apply-definitions.ts'
import { readDefinitions } from './read-definitions.ts'

const examplesDir = join(import.meta.dirname, '../../../../examples')

/** Registers the example workloads and the `demo` pool in an installation that has none of its own yet. */
export async function seedExamples(client: Client): Promise<readonly Applied[]> {
  const query = { limit: 1 }
  const [workloads, pools] = await Promise.all([
    client.GET('/api/v1/workloads', { params: { query } }),
    client.GET('/api/v1/pools', { params: { query } }),
  ])
  const none = { workload: answer(workloads).items.length === 0, pool: answer(pools).items.length === 0 }
  const { definitions } = await readDefinitions(examplesDir)
  return applyDefinitions(
    client,
    definitions.filter(({ kind }) => none[kind]),
  )
}
