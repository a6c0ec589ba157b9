import {
  isFault,
  newContainerId,
  noMetrics,
  silentLogger,
  systemClock,
  type ClaimId,
  type ContainerId,
  type PoolId,
  type TenantId,
  type WorkloadId,
} from '@boilerhouse/base'
import { testDatabase, type TestDatabase } from '@boilerhouse/postgres-embedded/testing'
import type { PoolSpec, WorkloadSpec } from '@boilerhouse/resources'
import type { BindInput, Store } from '@boilerhouse/store'
import { afterEach, expect, setDefaultTimeout, test } from 'bun:test'

import { createClaimStore } from './claims.ts'
import { openClient, type Connection, type Sql } from './connection.ts'
import { openHotSessions, shareSessions, type HotParameter, type HotSessions } from './hot-sessions.ts'
import { createPostgresStore } from './postgres-store.ts'
import { codeOf, createStoreCall } from './store-call.ts'

// Processes start and stop here: on a busy machine that takes its time.
setDefaultTimeout(60_000)

const ends: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

async function freshDatabase(): Promise<TestDatabase> {
  const database = await testDatabase()
  ends.push(() => database.drop())
  return database
}

function client(connection: Connection, max = 1, name = 'test'): Sql {
  const sql = openClient(connection, { max, name })
  ends.push(() => sql.end({ timeout: 1 }))
  return sql
}

function hotSessions(general: Sql, max = 1): HotSessions {
  const hot = openHotSessions(general, max)
  ends.push(() => hot.close())
  return hot
}

async function openStore(connection: Connection): Promise<Store> {
  const store = await createPostgresStore({ connection, clock: systemClock, log: silentLogger, metrics: noMetrics })
  ends.push(() => store.close())
  return store
}

async function seedWarm(store: Store): Promise<() => Promise<ContainerId>> {
  const poolId = 'p' as PoolId
  await store.workloads.create({ id: 'w' as WorkloadId, spec: {} as WorkloadSpec }, {})
  await store.pools.create({ id: poolId, spec: { workloadId: 'w', maxSize: 1000 } as PoolSpec }, {})
  return async () => {
    const id = newContainerId(systemClock.nowMs())
    await store.containers.create({ id, poolId, workloadGeneration: 1, onDemand: false }, {})
    await store.containers.transition(id, ['starting'], 'warm', {}, {})
    return id
  }
}

let made = 0
const bindOf = (containerId: ContainerId, more: Partial<BindInput> = {}): BindInput => ({
  claimId: `cl-${++made}` as ClaimId,
  tenantId: `t-${made}` as TenantId,
  poolId: 'p' as PoolId,
  containerId,
  source: 'pool',
  metadata: {},
  secretNames: [],
  ...more,
})
const event = { type: 'container.claimed', actor: 'test', subject: 'x' } as const

const outcomeOf = (action: Promise<{ readonly outcome: string }>) =>
  action.then(
    ({ outcome }) => outcome,
    (error: unknown) => (isFault(error) ? error.code : error),
  )
const named = (sql: Sql, name: string) =>
  sql`select pid, wait_event_type as waits from pg_stat_activity where application_name = ${name}`
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await systemClock.sleep(5)
}

test('a store has five sessions for binds and their marks, with their name and settings, and twelve in all', async () => {
  const { connection } = await freshDatabase()
  const store = await openStore(connection)
  const warm = await seedWarm(store)
  const ids = await Promise.all(Array.from({ length: 40 }, warm))
  const outcomes = await Promise.all(ids.map((id) => outcomeOf(store.claims.bind(bindOf(id), { event }))))
  expect(new Set(outcomes)).toEqual(new Set(['bound']))
  const admin = client(connection)
  expect(await named(admin, 'boilerhouse claims')).toHaveLength(5)
  const [all] = await admin`
    select count(*) as n from pg_stat_activity where datname = current_database() and application_name like 'boilerhouse%'`
  expect(all?.['n']).toBeLessThanOrEqual(12)

  const settings = `select current_setting('enable_seqscan') as seqscan, current_setting('jit') as jit,
    current_setting('plan_cache_mode') as plans, current_setting('application_name') as name`
  const [seen] = await hotSessions(client(connection)).run(settings, [])
  expect(seen).toEqual({ seqscan: 'off', jit: 'off', plans: 'force_generic_plan', name: 'boilerhouse claims' })
})

test('a statement is prepared once a session, whatever is null in it and however large its numbers are', async () => {
  const { connection } = await freshDatabase()
  const store = await openStore(connection)
  const warm = await seedWarm(store)
  const sql = client(connection)
  const hot = hotSessions(sql)
  const call = createStoreCall(systemClock, noMetrics)
  const wakeups = { wroteOnPath: () => {} } as never
  const claims = createClaimStore({ sql, projectId: 'default', clock: systemClock, log: silentLogger, call, wakeups }, hot)
  for (const more of [{}, { maxClaims: 3, config: { a: 1 } }, { sealed: new Uint8Array([1]), holdsState: true }, {}]) {
    const bind = bindOf(await warm(), more)
    expect(await outcomeOf(claims.bind(bind, { event: { ...event, revision: 1 } }))).toBe('bound')
    expect((await claims.activate([{ claimId: bind.claimId, event }])).size).toBe(1)
  }
  const early = { ...systemClock, nowMs: () => 1 }
  const before = createClaimStore({ sql, projectId: 'default', clock: early, log: silentLogger, call, wakeups }, hot)
  expect(await outcomeOf(before.bind(bindOf(await warm()), {}))).toBe('bound')
  const prepared = await hot.run(
    `select generic_plans::int as times from pg_prepared_statements where statement like '%taken%'`,
    [],
  )
  expect(prepared).toEqual([{ times: 5 }])
  expect(await hot.run(`select from pg_prepared_statements where statement like '%json_to_recordset%'`, [])).toHaveLength(1)
})

test('values come back the same from these sessions as from the general ones', async () => {
  const { connection } = await freshDatabase()
  const sql = client(connection)
  const text = `select $1::text as text, $2::bytea as bytes, $3::int as small, $4::boolean as yes, $5::text::json as json,
    ($6::bigint)::float8 as time, $7::text as nothing, $8::bytea as no_bytes, $9::text::json as no_json`
  const json = JSON.stringify({ nul: 'a\0b', lone: '\ud800', 'ключ "\\': ['😀', 1.5, null, true, { __proto__x: 1e300 }] })
  const rows: HotParameter[][] = [
    [`ü😀'"\\ \n`, new Uint8Array([0, 1, 0x5c, 255]), 3, true, json, 1_700_000_000_123, null, null, null],
    ['', new Uint8Array(0), -3, false, '"\\u0000"', 0, null, null, null],
    ['lone \ud800', new Uint8Array([9, 1, 2, 9]).subarray(1, 3), 0, false, '[]', 2 ** 40, null, null, null],
  ]
  for (const parameters of rows) {
    const [ours, theirs] = await Promise.all([hotSessions(sql), shareSessions(sql)].map((on) => on.run(text, parameters)))
    expect(ours?.[0]).toEqual(theirs?.[0])
  }
})

test('what Postgres answers is told by its SQLSTATE: outcomes stay, deadlocks are tried again, the rest is unavailable', async () => {
  const { connection } = await freshDatabase()
  const sql = client(connection)
  await sql.unsafe(`create function fail(code text) returns int language plpgsql as
    $$ begin raise exception 'no' using errcode = code; end $$`)
  const call = createStoreCall(systemClock, noMetrics)
  const hot = hotSessions(sql)
  let runs = 0
  const failing = (code: string) => {
    runs = 0
    return call('test', () => (runs++, hot.run('select fail($1)', [code]))).catch((error: unknown) => error)
  }
  for (const code of ['23505', '22003', '42P01']) {
    const error = await failing(code)
    expect([isFault(error), codeOf(error), runs]).toEqual([false, code, 1])
  }
  for (const code of ['25006', '53300', '57P01', '57P03', '08006']) {
    expect([isFault(await failing(code), 'store.unavailable'), runs]).toEqual([true, 1])
  }
  for (const code of ['40P01', '40001']) expect([codeOf(await failing(code)), runs]).toEqual([code, 5])
  expect(await hot.run('select $1::int as one', [1])).toEqual([{ one: 1 }])
})

test('sessions cut while idle are opened again by the next binds, and there are not more of them', async () => {
  const { connection } = await freshDatabase()
  const store = await openStore(connection)
  const warm = await seedWarm(store)
  const admin = client(connection)
  for (let round = 0; round < 5; round++) {
    const ids = await Promise.all(Array.from({ length: 8 }, warm))
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'boilerhouse claims'`
    // At once, a little later, later: the client may or may not know yet.
    await systemClock.sleep(round * 10)
    const outcomes = await Promise.all(ids.map((id) => outcomeOf(store.claims.bind(bindOf(id), { event }))))
    expect(outcomes.filter((outcome) => outcome !== 'bound' && outcome !== 'store.unavailable')).toEqual([])
    expect(await outcomeOf(store.claims.bind(bindOf(await warm()), { event }))).toBe('bound')
  }
  expect((await named(admin, 'boilerhouse claims')).length).toBeLessThanOrEqual(5)
})

test('a bind whose session is cut under it fails, has bound nothing and is not run again; the same bind works then', async () => {
  const { connection } = await freshDatabase()
  const store = await openStore(connection)
  const id = await (await seedWarm(store))()
  const admin = client(connection)
  const holder = await client(connection).reserve()
  await holder`begin`
  await holder`select from containers where id = ${id} for update`
  const bind = bindOf(id)
  const cut = outcomeOf(store.claims.bind(bind, { event }))
  const waiting = async () => (await named(admin, 'boilerhouse claims')).filter((session) => session['waits'] === 'Lock')
  await until(async () => (await waiting()).length === 1)
  await admin`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'boilerhouse claims' and wait_event_type = 'Lock'`
  expect(await cut).toBe('store.unavailable')
  await systemClock.sleep(100)
  expect(await waiting()).toEqual([])
  await holder`commit`
  holder.release()
  expect((await store.containers.get(id))?.state).toBe('warm')
  expect(await store.claims.get(bind.claimId)).toBeUndefined()
  expect(await outcomeOf(store.claims.bind(bind, { event }))).toBe('bound')
})

test('closing ends every session, one in the middle of a statement too', async () => {
  const { connection } = await freshDatabase()
  const sql = client(connection)
  const hot = openHotSessions(sql, 3)
  const slow = hot.run('select pg_sleep(30)', []).catch((error: unknown) => codeOf(error))
  await until(async () => (await named(sql, 'boilerhouse claims')).some((session) => session['waits'] === 'Timeout'))
  const began = performance.now()
  await hot.close()
  expect(performance.now() - began).toBeLessThan(5000)
  expect(await slow).toMatch(/^ERR_POSTGRES_CONNECTION_/)
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`
  await until(async () => (await named(sql, 'boilerhouse claims')).length === 0)
  expect(codeOf(await hot.run('select 1', []).catch((error: unknown) => error))).toMatch(/^ERR_POSTGRES_CONNECTION_/)
})
