import type { Installation } from './installation.ts'
import { within } from './within.ts'

/** A shell of the sandbox's image that only waits: starts in no time and stops at once. */
export const shellWorkload = (over: Readonly<Record<string, unknown>> = {}) => ({
  id: 'shell',
  name: 'Shell',
  image: 'boilerhouse/sandbox',
  entrypoint: ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'],
  workingDir: '/tmp',
  stopTimeoutMs: 2000,
  resources: { cpus: 1, memoryMb: 64, pids: 64, diskMb: 64 },
  ...over,
})

export const notesWorkload = (over: Readonly<Record<string, unknown>> = {}) => ({
  id: 'notes',
  name: 'Notes',
  image: 'boilerhouse/notes',
  ports: [{ name: 'http', containerPort: 8080 }],
  healthCheck: { http: { port: 8080, path: '/healthz' }, intervalMs: 2000, timeoutMs: 2000 },
  volumes: { state: { containerPath: '/data' } },
  resources: { cpus: 1, memoryMb: 256, pids: 64, diskMb: 256 },
  stopTimeoutMs: 5000,
  ...over,
})

export interface PoolBody {
  readonly id: string
  readonly workloadId: string
  readonly minSize: number
  readonly maxSize: number
}

/** Registers a workload and pools over it, and waits until they are full. */
export async function register(
  house: Installation,
  workload: { readonly id: string },
  ...pools: readonly (PoolBody & Readonly<Record<string, unknown>>)[]
): Promise<void> {
  expectStatus(await house.api('POST', '/api/v1/workloads', workload), 201)
  for (const pool of pools) expectStatus(await house.api('POST', '/api/v1/pools', pool), 201)
  for (const { id, minSize } of pools) await poolFull(house, id, minSize)
}

export async function poolFull(house: Installation, id: string, warm: number): Promise<void> {
  let status: unknown
  const isFull = async () => {
    const { body } = await house.api('GET', `/api/v1/pools/${id}`)
    status = body.status
    return body.status?.warm === warm && body.status.starting === 0 && body.status.phase === 'ready'
  }
  try {
    // Before the tests' own limit, so that what stood in the way is told.
    await within(50_000, `pool ${id} has ${warm} warm`, isFull)
  } catch (error) {
    throw new Error(`pool ${id} is not full: ${JSON.stringify(status)}`, { cause: error })
  }
}

export interface Claimed {
  readonly tenantId: string
  readonly poolId: string
  readonly containerId: string
  readonly claimId: string
  readonly state: string
  readonly source: string
  readonly endpoints: { readonly http?: { readonly url: string; readonly port: number }; readonly proxy: string }
}

export async function claim(
  house: Installation,
  tenantId: string,
  poolId: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Claimed> {
  const answer = await house.api('POST', `/api/v1/tenants/${tenantId}/claim`, { poolId, ...more })
  if (answer.status !== 200) expectStatus(answer, 201)
  return answer.body
}

export async function release(house: Installation, tenantId: string, poolId: string): Promise<void> {
  expectStatus(await house.api('POST', `/api/v1/tenants/${tenantId}/release`, { poolId }), 200)
}

/** What a shell command in the container writes, by the API. */
export async function run(house: Installation, containerId: string, script: string): Promise<string> {
  const answer = await house.api('POST', `/api/v1/containers/${containerId}/exec`, { command: ['sh', '-c', script] })
  expectStatus(answer, 200)
  return `${answer.body.stdout}${answer.body.stderr}`
}

function expectStatus({ status, text }: { readonly status: number; readonly text: string }, wanted: number): void {
  if (status !== wanted) throw new Error(`expected ${wanted}, got ${status}: ${text}`)
}
