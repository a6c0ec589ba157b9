import type { ContainerId } from '@boilerhouse/base'
import type { ContainerRecord } from '@boilerhouse/resources'

import type { BindRequest } from './bind.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import type { Run } from './run.ts'

/** How many probes a container's health shows. */
const maxHistory = 20

/**
 * `verifyOnClaim`: probes a candidate before it is bound. One that fails leaves the warm ones at once. True where the pool does not
 * ask for it, or where there is nothing to probe yet (a parked program starts at the claim). Where it throws, the candidate is still the
 * caller's.
 */
export async function isVerified(
  world: ClaimsWorld,
  run: Run,
  { pool, workload }: BindRequest,
  candidate: ContainerId,
): Promise<boolean> {
  const check = workload.spec.healthCheck
  if (!pool.spec.verifyOnClaim || !check || workload.spec.warmth === 'parked') return true
  const { store, runtime, hints, clock, metrics } = world
  const container = await store.containers.get(candidate)
  if (container?.state !== 'warm') {
    hints.forget(candidate)
    return false
  }
  const probe = await run.timings.phase('verify', () =>
    runtime.probe(candidate, container.address ?? { hostPorts: {} }, check, run.signal),
  )
  if (probe.ok) return true
  metrics.count('probe_failures_total', { pool: pool.id, state: 'warm' })
  const failure = { atMs: clock.nowMs(), ...probe }
  await store.containers.transition(
    candidate,
    ['warm'],
    'unhealthy',
    { health: failed(container, failure), reason: probe.detail ?? 'it failed its probe' },
    {
      event: {
        type: 'container.unhealthy',
        actor: run.actor,
        correlationId: run.correlationId,
        subject: `container/${candidate}`,
        poolId: pool.id,
        containerId: candidate,
        data: { from: 'warm', verifyOnClaim: true, ...(probe.detail === undefined ? {} : { reason: probe.detail }) },
      },
    },
  )
  hints.forget(candidate)
  return false
}

const failed = (
  { health }: ContainerRecord,
  failure: ContainerRecord['health']['history'][number],
): ContainerRecord['health'] => ({
  status: 'failing',
  failures: health.failures + 1,
  history: [failure, ...health.history].slice(0, maxHistory),
})
