import type { ContainerHealth, ContainerRecord, HealthCheck } from '@boilerhouse/resources'

import { next, type Pass } from './apply.ts'
import { healthAfter, isWorthWriting, startProbeDelayMs } from './probe-cadence.ts'
import type { ContainerWork } from './reconcile.ts'
import { subjectOf, transit } from './transit.ts'

/** One probe and what follows from it. A probe that an engine did not answer throws, and counts for nothing. */
export async function probeContainer(work: ContainerWork, pass: Pass): Promise<ContainerRecord | undefined> {
  const { term, memories } = work
  const { row, view, signal } = pass
  const check = view.workload?.spec.healthCheck
  if (!check || typeof view.engine !== 'object') return row
  const address = view.engine.address ?? row.address ?? { hostPorts: {} }
  const probe = () => term.runtime.probe(row.id, address, check, signal)
  const result = await (row.claimId && row.state === 'bound'
    ? term.activity.aroundProbe(row.id, row.claimId, signal, probe)
    : probe())
  // The engine went away meanwhile: its containers did not.
  if (!term.engine.isConnected) return row
  if (!result.ok) term.metrics.count('probe_failures_total', { pool: row.poolId, state: row.state })
  const now = term.clock.nowMs()
  const known = memories.of(row)
  const health = healthAfter(known.health, { atMs: now, ...result }, ruleOf(row, pass, check, now))
  const isSteady = row.state === 'warm' || row.state === 'bound'
  const delayMs = isSteady ? check.intervalMs : startProbeDelayMs(check, known.attempts)
  memories.update(row.id, { health, attempts: known.attempts + 1, nextProbeAt: now + delayMs, hasPassed: result.ok })
  return settle(work, pass, health)
}

function ruleOf(row: ContainerRecord, { view }: Pass, check: HealthCheck, now: number) {
  const isParked = view.workload?.spec.warmth === 'parked'
  const bornAt = isParked ? (row.boundAt ?? row.createdAt) : row.createdAt
  return {
    retries: row.state === 'bound' ? check.retries : 1,
    isYoung: row.state === 'bound' && now - bornAt < check.startPeriodMs,
  }
}

async function settle(work: ContainerWork, { row }: Pass, health: ContainerHealth): Promise<ContainerRecord | undefined> {
  const { term, memories } = work
  const last = health.history[0]
  if (row.state === 'warm' && health.status === 'failing') {
    const { timesUnhealthy } = memories.of(row)
    memories.update(row.id, { unhealthySince: term.clock.nowMs(), timesUnhealthy: timesUnhealthy + 1 })
    return next(await transit(term, row, 'unhealthy', { health }, last?.detail ? { detail: last.detail } : {}))
  }
  // A container that starts writes its health once, when it is warm or has failed.
  if (row.state === 'starting' || row.state === 'resetting' || row.state === 'unhealthy') return { ...row, health }
  if (!isWorthWriting(row.health, health)) return row
  const fails = row.state === 'bound' && health.status === 'failing' && row.health.status !== 'failing'
  const event = { type: 'container.unhealthy', ...subjectOf(row), data: { from: row.state, detail: last?.detail ?? '' } } as const
  const updated = await term.store.containers.patch(
    row.id,
    [row.state],
    { health },
    {
      fence: term.leadership.fence,
      lazy: !fails,
      ...(fails ? { event } : {}),
    },
  )
  return next(updated)
}
