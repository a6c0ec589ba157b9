import type { Clock } from '@boilerhouse/base'

import { createBindPauses } from './bind-pauses.ts'
import type { Store } from './store.ts'

export interface ClaimsFirst {
  /** For whatever a tenant or a caller of the API waits for. */
  readonly store: Store
  /**
   * The same store for controllers and the reader of the event log: what they often read and write begins between binds, about
   * `patienceMs` late at most. A bind beside a statement of theirs takes half as long again (docs/performance.md). Leases never wait.
   */
  background(patienceMs: number): Store
}

export function claimsFirst(store: Store, clock: Clock): ClaimsFirst {
  const pauses = createBindPauses(clock)
  const { claims, events } = store
  return {
    store: { ...store, claims: { ...claims, bind: (...input) => pauses.during(() => claims.bind(...input)) } },
    background(patienceMs) {
      const pause = () => pauses.next(patienceMs)
      return {
        ...store,
        workloads: eachAfter(pause, store.workloads),
        pools: eachAfter(pause, store.pools),
        containers: eachAfter(pause, store.containers),
        claims: eachAfter(pause, claims),
        series: eachAfter(pause, store.series),
        networks: eachAfter(pause, store.networks),
        events: { ...events, read: async (query) => pause().then(() => events.read(query)) },
      }
    },
  }
}

type Methods = Readonly<Record<string, (...input: never[]) => Promise<unknown>>>

/** The same methods, each begun after `pause`. */
function eachAfter<Part extends { readonly [Name in keyof Part]: Methods[string] }>(
  pause: () => Promise<void>,
  part: Part,
): Part {
  const entries = Object.entries(part as Methods).map(([name, method]) => [
    name,
    async (...input: never[]) => {
      await pause()
      return method(...input)
    },
  ])
  return Object.fromEntries(entries) as Part // the names of `part`, and what each of them answers
}
