import type { ServerProcess } from './server-process.ts'
import { readServerTiming } from './server-timing.ts'

export interface Claimed {
  readonly containerId: string
  readonly source: string
  /** From the call to the whole answer. */
  readonly clientMs: number
  /** From the last byte of the request read to the answer handed over, and its phases. */
  readonly serverMs: Readonly<Record<string, number>>
}

export interface BenchClient {
  /** Any request below `/api/v1`. Throws where the answer is no success, with what it said. */
  call(method: string, path: string, body?: object): Promise<Response>
  /** With config, one secret and metadata; `more` is added to the body. */
  claim(tenantId: string, poolId: string, more?: object): Promise<Claimed>
  release(tenantId: string, poolId: string): Promise<void>
  create(kind: 'workloads' | 'pools', body: object): Promise<void>
  /** Until the pool holds as many warm containers, and nothing else. */
  untilWarm(poolId: string, count: number): Promise<void>
  removeAll(poolId: string, workloadId: string): Promise<void>
}

const patienceMs = 180_000

export function createBenchClient({ url, key }: Pick<ServerProcess, 'url' | 'key'>): BenchClient {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const call = async (method: string, path: string, body?: object): Promise<Response> => {
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response
  }
  const until = async (what: string, isDone: () => Promise<boolean>) => {
    for (const began = performance.now(); !(await isDone()); await Bun.sleep(50))
      if (performance.now() - began > patienceMs) throw new Error(`${what} did not come within ${patienceMs / 1000} s`)
  }
  const isGone = async (path: string) => (await fetch(`${url}/api/v1${path}`, { headers })).status === 404
  return {
    call,
    async claim(tenantId, poolId, more = {}) {
      const began = performance.now()
      const response = await call('POST', `/tenants/${tenantId}/claim`, { ...claimBody(poolId), ...more })
      const { containerId, source } = (await response.json()) as { containerId: string; source: string }
      const clientMs = performance.now() - began
      return { containerId, source, clientMs, serverMs: readServerTiming(response.headers.get('server-timing')) }
    },
    release: async (tenantId, poolId) => void (await (await call('POST', `/tenants/${tenantId}/release`, { poolId })).text()),
    create: async (kind, body) => void (await (await call('POST', `/${kind}`, body)).text()),
    untilWarm: (poolId, count) =>
      until(`${count} warm containers`, async () => {
        const pool = (await (await call('GET', `/pools/${poolId}`)).json()) as { status: Record<string, unknown> }
        const { warm, starting, bound } = pool.status
        return warm === count && starting === 0 && bound === 0
      }),
    async removeAll(poolId, workloadId) {
      const remove = (path: string) => fetch(`${url}/api/v1${path}`, { method: 'DELETE', headers })
      await remove(`/pools/${poolId}`)
      await until('the end of the pool', () => isGone(`/pools/${poolId}`))
      await remove(`/workloads/${workloadId}`)
    },
  }
}

/** What a claim of a real guest carries: some config and one secret. */
const claimBody = (poolId: string) => ({
  poolId,
  config: { greeting: 'hi', theme: 'dark', limits: { files: 10, bytes: 1_000_000 } },
  secrets: { TOKEN: 's3cr3t-s3cr3t-s3cr3t' },
  metadata: { plan: 'pro' },
})
