import { isFault, type Clock, type Metrics, type Tracer } from '@boilerhouse/base'
import type { ClaimRecord, ClaimState, EventInput, EventType } from '@boilerhouse/resources'

/** One use case under way: who asked, until when, and how long each phase took. */
export interface Run {
  readonly actor: string
  readonly correlationId: string
  readonly signal: AbortSignal
  /** Monotonic ms; `Infinity` where nobody waits. */
  readonly deadlineMs: number
  readonly timings: Timings
}

export interface Timings {
  /** Runs the action as a span, and adds its time to the phase; each phase may come several times. */
  phase<T>(name: string, action: () => Promise<T>): Promise<T>
  /** Every phase in ms, to the microsecond, and `total` since the run began. */
  all(): Record<string, number>
}

interface TimingsDeps {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly tracer: Tracer
}

export function createTimings({ clock, metrics, tracer }: TimingsDeps): Timings {
  const startedMs = clock.monotonicMs()
  const phases: Record<string, number> = {}
  return {
    async phase(name, action) {
      const beganMs = clock.monotonicMs()
      try {
        return await tracer.span(`claim.${name}`, {}, action)
      } finally {
        const tookMs = clock.monotonicMs() - beganMs
        phases[name] = (phases[name] ?? 0) + tookMs
        metrics.observe('claim_phase_seconds', { phase: name }, tookMs / 1000)
      }
    },
    all: () => {
      const told = { ...phases, total: clock.monotonicMs() - startedMs }
      return Object.fromEntries(Object.entries(told).map(([name, ms]) => [name, Math.round(ms * 1000) / 1000]))
    },
  }
}

/** The event of a claim's transition. It names the container, so that its controller looks at it too. */
export function claimEvent(
  type: EventType,
  claim: Pick<ClaimRecord, 'id' | 'tenantId' | 'poolId' | 'containerId' | 'revision'>,
  run: Pick<Run, 'actor' | 'correlationId'>,
  data: Readonly<Record<string, unknown>> = {},
): EventInput {
  return {
    type,
    actor: run.actor,
    correlationId: run.correlationId,
    subject: `claim/${claim.id}`,
    tenantId: claim.tenantId,
    poolId: claim.poolId,
    claimId: claim.id,
    ...(claim.containerId ? { containerId: claim.containerId } : {}),
    revision: claim.revision,
    data,
  }
}

export const countTransition = (metrics: Metrics, to: ClaimState): void =>
  metrics.count('transitions_total', { kind: 'claim', to })

/** What an outcome is called in metrics: a fault's code, or that something else broke. */
export const outcomeOf = (error: unknown): string => (isFault(error) ? error.code : 'server.internal')

/** A reason for people: never a stack, never longer than a line or two. */
export const reasonOf = (error: unknown): string =>
  (isFault(error) ? `${error.code}: ${error.message}` : error instanceof Error ? error.message : String(error)).slice(0, 1000)
