import type { ContainerHealth, HealthCheck, ProbeOutcome, WorkloadSpec } from '@boilerhouse/resources'

/** What is probed before a claim: nothing of a parked workload, whose own process does not run yet. */
export const healthCheckOf = (spec: WorkloadSpec): HealthCheck | undefined =>
  spec.warmth === 'parked' ? undefined : spec.healthCheck

const tight = { network: 10, command: 25, slowest: 250, factor: 1.5 } as const
/** The history on the row may be so much older than the newest probe where nothing changed. */
export const historyLagMs = 5_000
const historyLength = 20

/** The wait before the next probe of a container that starts: tight at first, so that no start waits for its probe. */
export function startProbeDelayMs(check: HealthCheck, attempts: number): number {
  const firstMs = check.command ? tight.command : tight.network
  return Math.min(tight.slowest, firstMs * tight.factor ** attempts)
}

/**
 * The health after a probe. A warm container fails with its first failure; a bound one (`retries` of its check) only after so many in
 * a row, and not before it is `startPeriodMs` old.
 */
export function healthAfter(
  before: ContainerHealth,
  probe: ProbeOutcome,
  rule: { readonly retries: number; readonly isYoung: boolean },
): ContainerHealth {
  const history = [probe, ...before.history].slice(0, historyLength)
  if (probe.ok) return { status: 'passing', failures: 0, history }
  if (rule.isYoung) return { ...before, history }
  const failures = before.failures + 1
  return { status: failures >= rule.retries ? 'failing' : before.status, failures, history }
}

/** Is it worth a write? Always where the verdict changed, else at most every few seconds. */
export const isWorthWriting = (written: ContainerHealth, next: ContainerHealth): boolean =>
  written.status !== next.status ||
  (written.failures === 0) !== (next.failures === 0) ||
  (next.history[0]?.atMs ?? 0) - (written.history[0]?.atMs ?? 0) >= historyLagMs
