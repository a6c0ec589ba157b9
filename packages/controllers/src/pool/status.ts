import type { Condition, EventInput, PoolRecord } from '@boilerhouse/resources'

import { actorOf, type Term } from '../controller-deps.ts'
import { withSince } from './conditions.ts'
import type { PoolPlan } from './plan.ts'

/** Told by a `pool.warning`: somebody has to do something about them. */
const warnings = ['CircuitOpen', 'NetworkFailed', 'HostDiskFull', 'DiskExceeded', 'MaxContainers', 'RemovalStuck']

/** Writes the status where it changed: one event for a new phase, one warning for each condition that is new. */
export async function writeStatus({ store, clock, leadership, metrics }: Term, pool: PoolRecord, plan: PoolPlan): Promise<void> {
  const before = pool.status
  const conditions = withSince(plan.conditions, before.conditions, clock.nowMs())
  const isNewPhase = plan.phase !== before.phase
  if (!isNewPhase && isSame(conditions, before.conditions)) return
  const isNew = ({ type }: Condition) => warnings.includes(type) && !before.conditions.some((old) => old.type === type)
  const events: EventInput[] = [
    ...(isNewPhase ? [eventOf(pool, 'pool.phase', { from: before.phase, to: plan.phase, ...plan.counts })] : []),
    ...conditions
      .filter(isNew)
      .map(({ type, reason, message }) => eventOf(pool, 'pool.warning', { condition: type, reason, message })),
  ]
  const [first, ...others] = events
  const options = { fence: leadership.fence, ...(first ? { event: first } : {}) }
  const updated = await store.pools.setStatus(pool.id, { phase: plan.phase, conditions }, options)
  if (updated.outcome !== 'ok') return
  if (isNewPhase) metrics.count('transitions_total', { kind: 'pool', to: plan.phase })
  for (const event of others) await store.events.append(event)
}

const eventOf = (pool: PoolRecord, type: EventInput['type'], data: Record<string, unknown>): EventInput => ({
  type,
  actor: actorOf('pool'),
  subject: `pool/${pool.id}`,
  poolId: pool.id,
  data,
})

const isSame = (a: readonly Condition[], b: readonly Condition[]): boolean =>
  a.length === b.length &&
  a.every((one, i) => one.type === b[i]?.type && one.reason === b[i]?.reason && one.message === b[i]?.message)
