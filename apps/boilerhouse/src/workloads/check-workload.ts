import { newId, type Clock } from '@boilerhouse/base'
import { ClientFault, type Client } from '@boilerhouse/client'

import { answer } from '../cli/answer.ts'

export interface CheckStep {
  readonly step: string
  readonly ok: boolean
  readonly durationMs: number
  readonly detail?: string
}

export interface CheckInput {
  readonly client: Client
  readonly clock: Clock
  /** As `POST /workloads` takes it; it gets an id of its own for the trial. */
  readonly body: Readonly<Record<string, unknown>>
  readonly config?: Readonly<Record<string, unknown>> | undefined
  readonly signal: AbortSignal
}

const readyWithinMs = 300_000

/** Runs the workload under a name of its own: image, start and probe, claim, release. Stops at the first failure; leaves nothing behind. */
export async function checkWorkload({ client, clock, body, config, signal }: CheckInput): Promise<readonly CheckStep[]> {
  const id = newId('check', clock.nowMs()).toString()
  const steps: CheckStep[] = []
  const run = async (step: string, action: () => Promise<string | undefined>): Promise<boolean> => {
    const startedAt = clock.monotonicMs()
    const outcome = await action().then(
      (detail) => ({ ok: true, ...(detail === undefined ? {} : { detail }) }),
      (error: unknown) => ({ ok: false, detail: explain(error) }),
    )
    steps.push({ step, durationMs: clock.monotonicMs() - startedAt, ...outcome })
    return outcome.ok
  }
  const trial = { client, clock, id, signal }
  const path = { tenantId: id }
  const plan: readonly (readonly [string, () => Promise<string | undefined>])[] = [
    ['definition', async () => void (await client.POST('/api/v1/workloads', { body: { ...body, id } as never }))],
    ['image', () => imageReady(trial)],
    [
      'pool',
      async () => void (await client.POST('/api/v1/pools', { body: { id, workloadId: id, minSize: 1, maxSize: 1 } as never })),
    ],
    ['start and probe', () => warm(trial)],
    [
      'claim',
      async () =>
        answer(
          await client.POST('/api/v1/tenants/{tenantId}/claim', {
            params: { path },
            body: { poolId: id, config } as never,
            signal,
          }),
        ).source,
    ],
    [
      'release',
      async () =>
        void (await client.POST('/api/v1/tenants/{tenantId}/release', { params: { path }, body: { poolId: id, discard: true } })),
    ],
  ]
  try {
    for (const [step, action] of plan) if (!(await run(step, action))) break
  } finally {
    await run('clean-up', () => cleanUp(trial))
  }
  return steps
}

interface Trial {
  readonly client: Client
  readonly clock: Clock
  readonly id: string
  readonly signal: AbortSignal
}

async function imageReady({ client, clock, id, signal }: Trial): Promise<string | undefined> {
  const deadline = clock.monotonicMs() + readyWithinMs
  while (clock.monotonicMs() < deadline && !signal.aborted) {
    const { status } = answer(await client.GET('/api/v1/workloads/{id}', { params: { path: { id } } }))
    if (status.state === 'ready') return status.imageId
    if (status.state === 'error') throw new Error(status.reason ?? 'the workload is in error')
    await clock.sleep(100, signal)
  }
  throw new Error(`the workload was not ready within ${readyWithinMs / 1000} s`)
}

async function warm({ client, clock, id, signal }: Trial): Promise<string | undefined> {
  const deadline = clock.monotonicMs() + readyWithinMs
  while (clock.monotonicMs() < deadline && !signal.aborted) {
    const { status } = answer(await client.GET('/api/v1/pools/{id}', { params: { path: { id } } }))
    if (status.warm > 0) return undefined
    if (status.phase === 'degraded')
      throw new Error(status.conditions.map(({ message }) => message).join('; ') || 'the pool is degraded')
    await clock.sleep(100, signal)
  }
  throw new Error(`no container was warm within ${readyWithinMs / 1000} s`)
}

/** Whatever was made; what was not made is no failure. */
async function cleanUp({ client, clock, id }: Trial): Promise<string | undefined> {
  const path = { id }
  if (!(await exists(() => client.DELETE('/api/v1/pools/{id}', { params: { path } })))) return deleteWorkload(client, id)
  const deadline = clock.monotonicMs() + 60_000
  while (await exists(() => client.GET('/api/v1/pools/{id}', { params: { path } }))) {
    if (clock.monotonicMs() > deadline) throw new Error(`pool ${id} still drains`)
    await clock.sleep(100)
  }
  return deleteWorkload(client, id)
}

async function deleteWorkload(client: Client, id: string): Promise<undefined> {
  await exists(() => client.DELETE('/api/v1/workloads/{id}', { params: { path: { id } } }))
}

async function exists(call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call()
    return true
  } catch (error) {
    if (error instanceof ClientFault && error.status === 404) return false
    throw error
  }
}

function explain(error: unknown): string {
  if (error instanceof ClientFault) {
    const fields = (error.problem.errors ?? []).map(({ pointer, detail }) => `${pointer}: ${detail}`)
    return [error.problem.detail, ...fields, error.problem.remedy].join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}
