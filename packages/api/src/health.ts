import { isFault, type Clock } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'
import type { Store } from '@boilerhouse/store'

import type { DependencyHealth, Health } from './views.ts'

const timeoutMs = 2_000
/** The route is open to anybody: however often it is asked, the dependencies are asked this seldom. */
const keptMs = 500

export interface HealthDeps {
  readonly store: Store
  readonly runtime: Runtime
  readonly clock: Clock
  readonly version: string
  readonly startedAtMs: number
}

export function createHealth(deps: HealthDeps): () => Promise<Health> {
  let last: { readonly atMs: number; readonly report: Promise<Health> } | undefined
  return () => {
    const nowMs = deps.clock.monotonicMs()
    if (!last || nowMs - last.atMs > keptMs) last = { atMs: nowMs, report: examine(deps) }
    return last.report
  }
}

async function examine({ store, runtime, clock, version, startedAtMs }: HealthDeps): Promise<Health> {
  const [database, engine] = await Promise.all([
    ask('database', clock, async (signal) => void (await store.ping(signal))),
    ask('engine', clock, async (signal) => (await runtime.ping(signal)).warnings),
  ])
  // A warning is told, and takes nothing away: what serves is well.
  const isWell = engine.status !== 'down' && database.status !== 'down'
  return {
    status: database.status === 'down' ? 'down' : isWell ? 'ok' : 'degraded',
    version,
    uptimeMs: Math.round(clock.nowMs() - startedAtMs),
    dependencies: [database, engine],
  }
}

async function ask(
  name: string,
  clock: Clock,
  question: (signal: AbortSignal) => Promise<readonly string[] | void>,
): Promise<DependencyHealth> {
  const startMs = clock.monotonicMs()
  const done = new AbortController()
  const late = clock.sleep(timeoutMs, done.signal).then(() => 'late' as const)
  const asked = question(done.signal).then(
    (warnings) => ({ warnings: warnings ?? [] }),
    // Only the code: details may name hosts, and this is shown to anybody.
    (error: unknown) => ({ failure: isFault(error) ? error.code : 'server.internal' }),
  )
  const outcome = await Promise.race([asked, late])
  done.abort()
  const latencyMs = Math.round((clock.monotonicMs() - startMs) * 1000) / 1000
  if (outcome === 'late') return { name, status: 'down', latencyMs, detail: `no answer within ${timeoutMs} ms` }
  if ('failure' in outcome) return { name, status: 'down', latencyMs, detail: outcome.failure }
  const hasWarnings = outcome.warnings.length > 0
  return { name, status: hasWarnings ? 'warning' : 'ok', latencyMs, ...(hasWarnings && { detail: outcome.warnings.join('; ') }) }
}
