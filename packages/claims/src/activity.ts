import type { ClaimId, Clock } from '@boilerhouse/base'
import type { Store } from '@boilerhouse/store'

/** When each claim was last used, as noted since the last write. Cheap enough for every proxied chunk. */
export interface Activity {
  note(claimId: ClaimId): void
  /** The later one of what is noted and what is written. */
  last(claim: { readonly id: ClaimId; readonly lastActivityAt: number }): number
  flush(): Promise<void>
}

export function createActivity({ store, clock }: { readonly store: Store; readonly clock: Clock }): Activity {
  let noted = new Map<ClaimId, number>()
  return {
    note: (claimId) => void noted.set(claimId, clock.nowMs()),
    last: ({ id, lastActivityAt }) => Math.max(lastActivityAt, noted.get(id) ?? 0),
    async flush() {
      if (noted.size === 0) return
      const writing = noted
      noted = new Map()
      try {
        await store.claims.touch(writing)
      } catch (error) {
        // Not lost: the next flush writes it, unless something newer was noted meanwhile.
        for (const [id, atMs] of writing) if (!noted.has(id)) noted.set(id, atMs)
        throw error
      }
    },
  }
}
