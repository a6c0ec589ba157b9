import type { ContainerId, PoolId } from '@boilerhouse/base'
import { containerTransitions, type ContainerState } from '@boilerhouse/resources'
import type { ContainerPatch, ContainerStore, PoolCounts } from '@boilerhouse/store'

import type { Fragment } from './connection.ts'
import { createContainer } from './create-container.ts'
import { assignments, json, text, type Database } from './database.ts'
import { expectedStates } from './expected-states.ts'
import { gatherReads } from './gather-reads.ts'
import { readPageCursor, toPage } from './page.ts'
import { toContainer } from './rows.ts'
import { compareAndSet } from './write.ts'

export function createContainerStore(db: Database): ContainerStore {
  const { sql, projectId, call } = db
  const read = gatherReads(async (ids: readonly ContainerId[]) =>
    (await sql`select * from containers where project_id = ${projectId} and id = any(${[...ids]}::text[])`).map(toContainer),
  )
  return {
    create: createContainer(db),
    get: (id) => call('containers.get', () => read(id)),
    list: ({ limit, cursor, poolId, tenantId, states }) =>
      call('containers.list', async () => {
        const [after = ''] = readPageCursor(cursor, 1)
        const rows = await sql`
          select * from containers where project_id = ${projectId} and id > ${after} and ${inStates(db, states)} ${ofPool(db, poolId)}
            ${tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`}
          order by id limit ${limit + 1}`
        return toPage(rows, limit, toContainer, (row) => [row['id']])
      }),
    all: ({ poolId, states } = {}) =>
      call('containers.all', async () => {
        const rows = await sql`
          select * from containers where project_id = ${projectId} and ${inStates(db, states)} ${ofPool(db, poolId)} order by id`
        return rows.map(toContainer)
      }),
    warmIds: (poolId, limit) =>
      call('containers.warm_ids', async () => {
        const rows = await sql<{ id: ContainerId }[]>`
          select id from containers where project_id = ${projectId} and pool_id = ${poolId} and state = 'warm'
          order by probed_at desc, id limit ${limit}`
        return rows.map((row) => row.id)
      }),
    counts: (poolId) =>
      call('containers.counts', async () => {
        const rows = await sql<{ pool_id: PoolId; state: ContainerState; n: number }[]>`
          select pool_id, state, count(*) as n from containers
          where project_id = ${projectId} and state <> 'gone' ${ofPool(db, poolId)} group by pool_id, state`
        const counts = new Map<PoolId, PoolCounts>()
        for (const { pool_id, state, n } of rows) counts.set(pool_id, { ...counts.get(pool_id), [state]: n })
        return counts
      }),
    ...containerWrites(db),
    prune: (beforeMs) =>
      call('containers.prune', async () => {
        const gone = await sql`
          delete from containers where project_id = ${projectId} and state = 'gone' and updated_at < ${Math.floor(beforeMs)}`
        return gone.count
      }),
  }
}

function containerWrites(db: Database): Pick<ContainerStore, 'transition' | 'patch'> {
  const { sql, clock } = db
  const changed = () => sql`revision = revision + 1, updated_at = ${Math.floor(clock.nowMs())}`
  return {
    transition: async (id, from, to, patch, options) =>
      compareAndSet(db, {
        statement: `containers.to_${to}`,
        table: 'containers',
        id,
        set: assignments(sql, changed(), { state: to, ...entering(db, to), ...columnsOf(db, patch) }),
        // `bound` is entered by a bind alone, which gives the container its owner in the same commit.
        where: sql`state = any(${[...expectedStates(containerTransitions, to === 'bound' ? [] : from, to)]}::text[])`,
        options,
        toRecord: toContainer,
      }),
    patch: (id, states, patch, options) =>
      compareAndSet(db, {
        statement: 'containers.patch',
        table: 'containers',
        id,
        set: assignments(sql, changed(), columnsOf(db, patch)),
        where: sql`state = any(${[...states]}::text[])`,
        options,
        toRecord: toContainer,
      }),
  }
}

/** A container that becomes warm, again or for the first time, is nobody's. */
const entering = ({ clock }: Database, to: ContainerState): Readonly<Record<string, unknown>> =>
  to === 'warm' ? { warm_at: Math.floor(clock.nowMs()), claim_id: null, tenant_id: null, bound_at: null } : {}

function columnsOf({ sql }: Database, patch: ContainerPatch): Readonly<Record<string, unknown>> {
  const { reason, address, health } = patch
  return {
    ...(Object.hasOwn(patch, 'reason') ? { reason: text(reason) } : {}),
    ...(Object.hasOwn(patch, 'address') ? { address: json(sql, address) } : {}),
    ...(health === undefined ? {} : { health: json(sql, health), probed_at: Math.floor(health.history[0]?.atMs ?? 0) }),
  }
}

const ofPool = ({ sql }: Database, poolId: PoolId | undefined): Fragment =>
  poolId === undefined ? sql`` : sql`and pool_id = ${poolId}`

/** `state <> 'gone'` as it stands in the partial index, which another way of saying it would not find. */
const inStates = ({ sql }: Database, states: readonly ContainerState[] | undefined): Fragment => {
  if (states === undefined) return sql`state <> 'gone'`
  const isLive = !states.includes('gone')
  return sql`state = any(${[...states]}::text[]) ${isLive ? sql`and state <> 'gone'` : sql``}`
}
