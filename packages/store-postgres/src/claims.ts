import type { ClaimId, PoolId, TenantId } from '@boilerhouse/base'
import { claimTransitions, type ClaimState } from '@boilerhouse/resources'
import type { ClaimPatch, ClaimStore } from '@boilerhouse/store'

import { activateClaims } from './activate-claims.ts'
import { bindClaim } from './bind-claim.ts'
import type { Fragment } from './connection.ts'
import { assignments, json, text, type Database } from './database.ts'
import { expectedStates } from './expected-states.ts'
import { gatherReads } from './gather-reads.ts'
import type { HotSessions } from './hot-sessions.ts'
import { readPageCursor, toPage } from './page.ts'
import { rebindClaim } from './rebind-claim.ts'
import { toClaim } from './rows.ts'
import { isRevision } from './workloads.ts'
import { compareAndSet } from './write.ts'

/** `hot` has the sessions that binds and their marks run on. */
export function createClaimStore(db: Database, hot: HotSessions): ClaimStore {
  const { sql, projectId, call } = db
  const read = gatherReads(async (ids: readonly ClaimId[]) =>
    (await sql`select * from claims where project_id = ${projectId} and id = any(${[...ids]}::text[])`).map(toClaim),
  )
  return {
    bind: bindClaim({ db, hot }),
    activate: activateClaims(db, hot),
    rebind: rebindClaim(db),
    get: (id) => call('claims.get', () => read(id)),
    live: (tenantId, poolId) =>
      call('claims.live', async () => {
        const [row] = await sql`
          select * from claims where project_id = ${projectId} and tenant_id = ${tenantId} and pool_id = ${poolId} and is_live`
        return row && toClaim(row)
      }),
    liveOf: (tenantId) =>
      call('claims.live_of', async () => {
        const rows = await sql`
          select * from claims where project_id = ${projectId} and tenant_id = ${tenantId} and is_live order by pool_id`
        return rows.map(toClaim)
      }),
    list: (query) => call('claims.list', () => listClaims(db, query)),
    all: ({ poolId, states } = {}) =>
      call('claims.all', async () => {
        const rows = await sql`
          select * from claims where project_id = ${projectId} ${ofPool(db, poolId)} and ${inStates(db, states)} order by id`
        return rows.map(toClaim)
      }),
    ...claimWrites(db),
    touch: (activity) =>
      call('claims.touch', async () => {
        if (activity.size === 0) return
        const touched = [...activity].map(([id, at]) => ({ id, at: Math.floor(at) })).sort((a, b) => (a.id < b.id ? -1 : 1))
        await sql`
          with durability as materialized (select set_config('synchronous_commit', 'off', true))
          update claims set last_activity_at = touched.at
          from durability, json_to_recordset(${json(sql, touched)}::json) as touched(id text, at bigint)
          where claims.project_id = ${projectId} and claims.id = touched.id and last_activity_at < touched.at`
      }),
    prune: (beforeMs) =>
      call('claims.prune', async () => {
        const gone = await sql`
          delete from claims where project_id = ${projectId} and not is_live and updated_at < ${Math.floor(beforeMs)}`
        return gone.count
      }),
  }
}

function claimWrites(db: Database): Pick<ClaimStore, 'transition' | 'patch'> {
  const { sql, clock } = db
  const changed = () => sql`updated_at = ${Math.floor(clock.nowMs())}`
  return {
    transition: async (id, from, to, patch, options) =>
      compareAndSet(db, {
        statement: `claims.to_${to}`,
        table: 'claims',
        id,
        set: assignments(sql, changed(), {
          state: to,
          ...(to === 'recovering' ? { container_id: null } : {}),
          ...columnsOf(db, patch),
        }),
        where: sql`state = any(${[...expectedStates(claimTransitions, from, to)]}::text[])
          and ${options.holding === undefined ? sql`true` : sql`container_id = ${options.holding}`}`,
        options,
        toRecord: toClaim,
      }),
    patch: (id, states, patch, options) =>
      compareAndSet(db, {
        statement: 'claims.patch',
        table: 'claims',
        id,
        set: assignments(sql, changed(), columnsOf(db, patch)),
        where: sql`state = any(${[...states]}::text[]) and ${isRevision(db, options.expectedRevision)}`,
        options,
        toRecord: toClaim,
      }),
  }
}

/** The index `claims_newest` gives each (tenant, pool) its newest claim first; `distinct on` takes it, and the states narrow what was taken. */
async function listClaims(db: Database, { limit, cursor, tenantId, poolId, states }: Parameters<ClaimStore['list']>[0]) {
  const { sql, projectId } = db
  const [afterTenant = '', afterPool = ''] = readPageCursor(cursor, 2)
  const rows = await sql`
    select * from (
      select distinct on (tenant_id, pool_id) * from claims
      where project_id = ${projectId} and claimed_at >= 0 and (tenant_id, pool_id) > (${afterTenant}, ${afterPool}) ${ofTenant(db, tenantId)} ${ofPool(db, poolId)}
      order by tenant_id, pool_id, claimed_at desc, id desc
    ) newest
    where ${states === undefined ? sql`true` : sql`state = any(${[...states]}::text[])`}
    order by tenant_id, pool_id limit ${limit + 1}`
  return toPage(rows, limit, toClaim, (row) => [row['tenant_id'], row['pool_id']])
}

/** Only what is named changes; undefined clears, and empties what a claim always has. */
function columnsOf({ sql }: Database, patch: ClaimPatch): Readonly<Record<string, unknown>> {
  const has = (name: keyof ClaimPatch) => Object.hasOwn(patch, name)
  const { revision, lastActivityAt, source } = patch
  return {
    ...(has('reason') ? { reason: text(patch.reason) } : {}),
    ...(has('config') ? { config: json(sql, patch.config) } : {}),
    ...(has('sealed') ? { sealed: patch.sealed ?? null } : {}),
    ...(has('metadata') ? { metadata: json(sql, patch.metadata ?? {}) } : {}),
    ...(has('secretNames') ? { secret_names: json(sql, patch.secretNames ?? []) } : {}),
    ...(has('losses') ? { losses: json(sql, patch.losses ?? []) } : {}),
    ...(revision === undefined ? {} : { revision }),
    ...(lastActivityAt === undefined ? {} : { last_activity_at: Math.floor(lastActivityAt) }),
    ...(source === undefined ? {} : { source }),
  }
}

const ofTenant = ({ sql }: Database, tenantId: TenantId | undefined): Fragment =>
  tenantId === undefined ? sql`` : sql`and tenant_id = ${tenantId}`

const ofPool = ({ sql }: Database, poolId: PoolId | undefined): Fragment =>
  poolId === undefined ? sql`` : sql`and pool_id = ${poolId}`

const inStates = ({ sql }: Database, states: readonly ClaimState[] | undefined): Fragment => {
  if (states === undefined) return sql`is_live`
  const isLive = states.every((state) => claimTransitions[state].length > 0)
  return sql`state = any(${[...states]}::text[]) ${isLive ? sql`and is_live` : sql``}`
}
