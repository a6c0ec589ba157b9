import type { ClaimId } from '@boilerhouse/base'
import type { ClaimRecord, EventInput } from '@boilerhouse/resources'
import type { ActiveMark } from '@boilerhouse/store'

import type { ClaimsDeps } from './claims-deps.ts'

/**
 * Marks delivered claims active in the store, about 20 ms after their answers and many in one write. Nothing is lost with a mark: a claim
 * without one is delivered again, which is harmless (docs/adr/0018).
 */
export interface Activations {
  /** Whether the claim is active now; false where somebody else moved it. Rejects where the store does not answer. */
  mark(claim: ClaimRecord, event: EventInput): Promise<boolean>
  /** Somebody waits for a mark: they are written at once. */
  hurry(): void
  /** Resolves once everything marked so far is written or given up: who reads after an answer sees what it said. */
  written(): Promise<void>
}

interface Waiting extends ActiveMark {
  readonly done: PromiseWithResolvers<boolean>
}

/** The claims that follow at once are bound meanwhile: beside a write of another session a bind takes twice as long. */
const restMs = 20
/** A write of more takes longer than whoever waits for it would like. */
const maxMarks = 256

export function createActivations({ store, clock }: Pick<ClaimsDeps, 'store' | 'clock'>): Activations {
  const waiting: Waiting[] = []
  const unwritten = new Set<Promise<unknown>>()
  let rest: AbortController | undefined
  let isHurried = false
  let isWriting = false
  const writeAll = async () => {
    isWriting = true
    while (waiting.length > 0) {
      rest = new AbortController()
      if (!isHurried) await clock.sleep(restMs, rest.signal)
      isHurried = false
      await write(waiting.splice(0, maxMarks))
    }
    isWriting = false
  }
  const write = async (marks: readonly Waiting[]) => {
    try {
      const moved: ReadonlySet<ClaimId> = await store.claims.activate(marks.map(({ claimId, event }) => ({ claimId, event })))
      for (const { claimId, done } of marks) done.resolve(moved.has(claimId))
    } catch (error) {
      for (const { done } of marks) done.reject(error)
    }
  }
  const hurry = () => {
    isHurried = waiting.length > 0
    rest?.abort()
  }
  return {
    async mark({ id: claimId }, event) {
      const done = Promise.withResolvers<boolean>()
      waiting.push({ claimId, event, done })
      unwritten.add(done.promise)
      if (!isWriting) void writeAll()
      try {
        return await done.promise
      } finally {
        unwritten.delete(done.promise)
      }
    },
    hurry,
    async written() {
      if (unwritten.size === 0) return
      hurry()
      await Promise.allSettled(unwritten)
    },
  }
}
