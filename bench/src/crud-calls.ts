import type { BenchClient } from './bench-client.ts'

/** One kind of request of the mix. */
export interface CrudCall {
  readonly name: string
  /** How many of 100 are of this kind. */
  readonly share: number
  send(): Promise<void>
}

export interface StandingObjects {
  readonly workloadId: string
  readonly poolIds: readonly string[]
  readonly workloadIds: readonly string[]
  readonly containerIds: readonly string[]
  readonly tenantIds: readonly string[]
}

/**
 * The mix: 64 reads and 36 durable writes of 100. What is read and changed stands for the whole run, one after the other, so that no request finds its object
 * gone or changed by the one before; what is deleted was made by the run, and its making was answered.
 */
export function crudCalls({ call }: BenchClient, standing: StandingObjects): readonly CrudCall[] {
  const ask = async (method: string, path: string, body?: object) => void (await (await call(method, path, body)).text())
  const read = (name: string, path: () => string) => ({ name, share: 8, send: () => ask('GET', path()) })
  const container = inTurn(standing.containerIds)
  const tenant = inTurn(standing.tenantIds)
  const ofKind = (kind: 'workloads' | 'pools', ids: readonly string[], body: (n: number) => object): readonly CrudCall[] => {
    const [get, put] = [inTurn(ids), inTurn(ids)]
    const made: string[] = []
    let next = 0
    const create = async () => {
      const n = next++
      const id = `made-${n}`
      await ask('POST', `/${kind}`, { id, ...body(n) })
      made.push(id)
    }
    const remove = async () => {
      const id = made.shift()
      if (id === undefined) throw new Error(`No ${kind} are left to delete`)
      await ask('DELETE', `/${kind}/${id}`)
    }
    const update = () => ask('PUT', `/${kind}/${put()}`, body(next++))
    return [
      read(`get ${kind}`, () => `/${kind}/${get()}`),
      read(`list ${kind}`, () => `/${kind}`),
      { name: `create ${kind}`, share: 6, send: create },
      { name: `update ${kind}`, share: 6, send: update },
      // Where few are made so far, one more is: a run of chance must not end it.
      { name: `delete ${kind}`, share: 6, send: () => (made.length > 0 ? remove() : create()) },
    ]
  }
  return [
    ...ofKind('workloads', standing.workloadIds, workloadBody),
    ...ofKind('pools', standing.poolIds, (n) => poolBody(standing.workloadId, n)),
    read('get containers', () => `/containers/${container()}`),
    read('list containers', () => '/containers'),
    read('get tenants', () => `/tenants/${tenant()}`),
    read('list tenants', () => '/tenants'),
  ]
}

export const workloadBody = (n: number): object => ({ name: `Workload ${n}`, image: 'fake:1', warmth: 'running' })

/** Keeps no container warm: what is measured is the request, not what controllers start because of it. */
export const poolBody = (workloadId: string, n: number): object => ({ name: `Pool ${n}`, workloadId, minSize: 0, maxSize: 10 })

function inTurn<T>(items: readonly T[]): () => T {
  let next = 0
  return () => {
    const item = items[next++ % items.length]
    if (item === undefined) throw new RangeError('Cannot take turns: items must not be empty')
    return item
  }
}
