import type { ClaimId, ContainerId, PoolId } from '@boilerhouse/base'
import type { EventRecord, PoolRecord } from '@boilerhouse/resources'

import type { FormerNetwork } from './former-network.ts'
import { closedCircuit, provenAfterMs, recordFailure, reopened, type Circuit } from './circuit.ts'

export interface PoolMemory {
  circuit: Circuit
  shortSince?: number
  networkFault?: { readonly code: string; readonly message: string; readonly retryAt: number }
  startedFrom?: string
  formerNetwork?: FormerNetwork
  /** Some bound container may be paused over its disk limit: the rows say which. */
  mayHoldPaused: boolean
  /** What was tried for the end of a deleted pool, by the claim or container that is in its way. */
  readonly tries: Map<ClaimId | ContainerId, { readonly startedAt: number; readonly attempt: number; isDone: boolean }>
}

/** What a process remembers of each pool. A new leader begins without it; the pool's conditions tell it what matters. */
export class PoolMemories {
  readonly #all = new Map<PoolId, PoolMemory>()
  /** Epoch ms; the end of what was made before is found late, and belongs to the engine's. */
  #engineChangedAt = 0

  of(pool: PoolRecord, now: number): PoolMemory {
    const known = this.#all.get(pool.id)
    if (known) return known
    const open = pool.status.conditions.find((condition) => condition.type === 'CircuitOpen')
    const fresh: PoolMemory = {
      circuit: open ? reopened(now, open.message) : closedCircuit,
      mayHoldPaused: true,
      tries: new Map(),
    }
    this.#all.set(pool.id, fresh)
    return fresh
  }

  /** Feeds the circuit: a start that failed, or a container that died or failed its probe right after it became warm. */
  learn(event: EventRecord): void {
    if (event.type === 'runtime.connected' || event.type === 'runtime.disconnected') return this.#forgive(event.timeMs)
    const memory = event.poolId ? this.#all.get(event.poolId) : undefined
    if (memory && event.type === 'container.disk_exceeded') memory.mayHoldPaused = true
    const failure = failureOf(event)
    if (memory && failure && failure.createdAt >= this.#engineChangedAt) memory.circuit = recordFailure(memory.circuit, failure)
  }

  forget(id: PoolId): void {
    this.#all.delete(id)
  }

  /** An engine that ends takes its containers along, and fails what is being started: that says nothing about any workload. */
  #forgive(timeMs: number): void {
    this.#engineChangedAt = timeMs
    for (const memory of this.#all.values()) {
      memory.circuit = closedCircuit
      delete memory.networkFault
    }
  }
}

function failureOf({ type, data, timeMs }: EventRecord): { createdAt: number; at: number; reason: string } | undefined {
  const reason =
    typeof data['reason'] === 'string' ? data['reason'] : typeof data['detail'] === 'string' ? data['detail'] : 'unhealthy'
  const ageMs = typeof data['ageMs'] === 'number' ? data['ageMs'] : 0
  const isYoung = typeof data['warmForMs'] === 'number' && data['warmForMs'] < provenAfterMs
  const isFailure =
    // A full disk is the host's trouble, not the workload's.
    (type === 'container.failed' && !reason.startsWith('host.')) ||
    (type === 'container.draining' && data['isBroken'] === true && isYoung) ||
    (type === 'container.unhealthy' && data['from'] === 'warm' && isYoung)
  return isFailure ? { createdAt: timeMs - ageMs, at: timeMs, reason } : undefined
}
