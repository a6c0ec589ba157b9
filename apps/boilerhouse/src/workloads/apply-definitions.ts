import { ClientFault, type Client } from '@boilerhouse/client'

import type { Definition } from './read-definitions.ts'

/** What became of one definition; `refused` carries the server's own words. */
export interface Applied {
  readonly definition: Definition
  readonly outcome: 'created' | 'updated' | 'refused'
  readonly detail?: string
}

/** Creates or updates each in order, by the same API and checks as anybody else's. One that is refused does not stop the others. */
export async function applyDefinitions(client: Client, definitions: readonly Definition[]): Promise<readonly Applied[]> {
  const applied: Applied[] = []
  for (const definition of definitions) applied.push(await apply(client, definition))
  return applied
}

async function apply(client: Client, definition: Definition): Promise<Applied> {
  try {
    return { definition, outcome: await createOrUpdate(client, definition) }
  } catch (error) {
    if (!(error instanceof ClientFault)) throw error
    const fields = (error.problem.errors ?? []).map(({ pointer, detail }) => `${pointer}: ${detail}`)
    return {
      definition,
      outcome: 'refused',
      detail: [error.problem.detail, ...fields, error.problem.remedy].filter(Boolean).join('; '),
    }
  }
}

async function createOrUpdate(client: Client, { kind, id, body }: Definition): Promise<'created' | 'updated'> {
  const path = { id }
  try {
    // The server checks every field and says which are wrong.
    const input = { ...body, id } as never
    await (kind === 'workload'
      ? client.POST('/api/v1/workloads', { body: input })
      : client.POST('/api/v1/pools', { body: input }))
    return 'created'
  } catch (error) {
    if (!(error instanceof ClientFault) || error.problem.status !== 409) throw error
  }
  const input = body as never
  await (kind === 'workload'
    ? client.PUT('/api/v1/workloads/{id}', { params: { path }, body: input })
    : client.PUT('/api/v1/pools/{id}', { params: { path }, body: input }))
  return 'updated'
}
