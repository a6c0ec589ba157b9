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
  /** One move of a tenant's files at a time: several pools of a workload share what is kept. Never taken before `run`. */
  moveState<T>(claim: { readonly tenantId: TenantId; readonly workloadId: WorkloadId }, action: () => Promise<T>): Promise<T>
  isBusy(key: ClaimKey): boolean
  /** Ends what runs for the key at its next wait, with `reason`. */
  interrupt(key: ClaimKey, reason: Error): void
}

export function createInFlight(): InFlight {
  const locks = new KeyLock<ClaimKey>()
  const moves = new KeyLock<string>()
  const running = new Map<ClaimKey, AbortController>()
  const waiting = new Map<ClaimKey, number>()
  return {
    async run(key, action) {
      waiting.set(key, (waiting.get(key) ?? 0) + 1)
      try {
        return await locks.run(key, async () => {
          const abort = new AbortController()
          running.set(key, abort)
          try {
            return await action(abort.signal)
          } finally {
            running.delete(key)
          }
        })
      } finally {
        const left = (waiting.get(key) ?? 1) - 1
        if (left > 0) waiting.set(key, left)
        else waiting.delete(key)
      }
    },
    moveState: ({ tenantId, workloadId }, action) => moves.run(`${tenantId}\0${workloadId}`, action),
    isBusy: (key) => waiting.has(key),
    interrupt: (key, reason) => running.get(key)?.abort(reason),
  }
}
