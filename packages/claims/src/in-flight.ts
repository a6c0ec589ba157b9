import { KeyLock, type PoolId, type TenantId, type WorkloadId } from '@boilerhouse/base'

export type ClaimKey = string

/** NUL stands in no id, so that no two pairs give one key. */
export const claimKey = (tenantId: TenantId, poolId: PoolId): ClaimKey => `${tenantId}\0${poolId}`

/**
 * One use case at a time for a (tenant, pool) in this process. Between processes the compare-and-sets decide; this only spares
 * them the races.
 */
export interface InFlight {
  run<T>(key: ClaimKey, action: (interrupted: AbortSignal) => Promise<T>): Promise<T>
  /** From within `run`: what the next use case of the key waits for although this one is answered. It never rejects. */
  after(key: ClaimKey, last: Promise<unknown>): void
  /** One move of a tenant's files at a time: several pools of a workload share what is kept. Never taken before `run`. */
  moveState<T>(claim: { readonly tenantId: TenantId; readonly workloadId: WorkloadId }, action: () => Promise<T>): Promise<T>
  isBusy(key: ClaimKey): boolean
  /** Ends what runs for the key at its next wait, with `reason`. */
  interrupt(key: ClaimKey, reason: Error): void
}

/** `onWait` is called where a use case has to wait for another one of its key. */
export function createInFlight(onWait: () => void): InFlight {
  const locks = new KeyLock<ClaimKey>()
  const moves = new KeyLock<string>()
  const running = new Map<ClaimKey, AbortController>()
  const trailing = new Map<ClaimKey, Promise<unknown>>()
  const waiting = new Map<ClaimKey, number>()
  const hold = async <T>(key: ClaimKey, action: (interrupted: AbortSignal) => Promise<T>, answer: PromiseWithResolvers<T>) => {
    const abort = new AbortController()
    running.set(key, abort)
    const run = async () => {
      try {
        return await action(abort.signal)
      } finally {
        running.delete(key)
      }
    }
    await run().then(answer.resolve, answer.reject)
    const last = trailing.get(key)
    trailing.delete(key)
    await last
  }
  const leave = (key: ClaimKey): void => {
    const left = (waiting.get(key) ?? 1) - 1
    if (left > 0) waiting.set(key, left)
    else waiting.delete(key)
  }
  return {
    run<T>(key: ClaimKey, action: (interrupted: AbortSignal) => Promise<T>) {
      if (waiting.has(key)) onWait()
      waiting.set(key, (waiting.get(key) ?? 0) + 1)
      const answer = Promise.withResolvers<T>()
      void locks.run(key, () => hold(key, action, answer)).finally(() => leave(key))
      return answer.promise
    },
    after: (key, last) => void trailing.set(key, last),
    moveState: ({ tenantId, workloadId }, action) => moves.run(`${tenantId}\0${workloadId}`, action),
    isBusy: (key) => running.has(key),
    interrupt: (key, reason) => running.get(key)?.abort(reason),
  }
}
