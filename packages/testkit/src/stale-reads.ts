import type { Clock } from '@boilerhouse/base'
import type { Store } from '@boilerhouse/store'

const reads = ['get', 'all', 'list', 'live', 'liveOf', 'warmIds', 'counts']
const kinds: readonly (keyof Store)[] = ['workloads', 'pools', 'containers', 'claims']

/**
 * A store whose reads may be as old as `staleMs`, as a replica's or a cache's are; writes are compared with what is really there.
 * Levels and compare-and-set must make everything right all the same.
 */
export function withStaleReads(store: Store, clock: Clock, staleMs: () => number): Store {
  const wrap = <Kind extends object>(kind: Kind): Kind => {
    const seen = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>()
    return new Proxy(kind, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function' || typeof name !== 'string' || !reads.includes(name)) return value
        return (...args: unknown[]) => {
          const key = `${name} ${JSON.stringify(args)}`
          const known = seen.get(key)
          const now = clock.monotonicMs()
          if (known && now - known.at < staleMs()) return known.answer
          const answer = Reflect.apply(value, target, args) as Promise<unknown>
          seen.set(key, { at: now, answer })
          return answer
        }
      },
    })
  }
  const wrapped = Object.fromEntries(kinds.map((kind) => [kind, wrap(store[kind] as object)]))
  return { ...store, ...wrapped }
}
