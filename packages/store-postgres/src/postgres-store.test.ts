import {
  createLogger,
  isFault,
  newContainerId,
  noMetrics,
  silentLogger,
  systemClock,
  type ClaimId,
  type PoolId,
  type TenantId,
  type WorkloadId,
} from '@boilerhouse/base'
import { startEmbeddedPostgres } from '@boilerhouse/postgres-embedded'
import { testDatabase, type TestDatabase } from '@boilerhouse/postgres-embedded/testing'
import type { EventInput, PoolSpec, WorkloadSpec } from '@boilerhouse/resources'
import type { Store } from '@boilerhouse/store'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openClient, type Connection } from './connection.ts'
import { createPostgresStore } from './postgres-store.ts'
import { startTransactionPooler } from './transaction-pooler.fixture.ts'

// Processes start and stop here: on a busy machine that takes its time.
setDefaultTimeout(60_000)

const open = (connection: Connection, maxConnections = 6): Promise<Store> =>
  createPostgresStore({ connection, clock: systemClock, log: silentLogger, metrics: noMetrics, maxConnections })
const faultOf = (action: Promise<unknown>) =>
  action.then(
    () => 'none',
    (error: unknown) => (isFault(error) ? error.code : error),
  )
const event = (n: number | string): EventInput => ({ type: 'server.started', actor: 'test', subject: `server/${n}` })
const subjects = (page: { readonly items: readonly { readonly subject: string }[] }) => page.items.map((item) => item.subject)

async function seedWarm(store: Store, count: number): Promise<readonly string[]> {
  await store.workloads.create({ id: 'w' as WorkloadId, spec: {} as WorkloadSpec }, {})
  await store.pools.create({ id: 'p' as PoolId, spec: { workloadId: 'w', maxSize: 1000 } as PoolSpec }, {})
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const id = newContainerId(systemClock.nowMs())
      await store.containers.create({ id, poolId: 'p' as PoolId, workloadGeneration: 1, onDemand: false }, {})
      await store.containers.transition(id, ['starting'], 'warm', {}, {})
      return id
    }),
  )
}

describe('events and late committers', () => {
  test('an event that commits after a younger one is never skipped: readers wait before it, and then get both in order', async () => {
    await using database = await testDatabase()
    const store = await open(database.connection)
    const late = openClient(database.connection, { max: 1, name: 'late' })
    const session = await late.reserve()
    await store.events.append(event('before'))
    const { cursor } = await store.events.read({ limit: 10 })
    await session`begin`
    await session`insert into events (project_id, type, version, time_ms, actor, subject, data)
      values ('default', 'server.started', 1, 0, 'test', 'server/late', '{}')`
    await store.events.append(event('younger'))

    const during = await store.events.read({ cursor, limit: 10 })
    expect(during).toEqual({ items: [], cursor })
    expect(subjects(await store.events.activity({ limit: 1 }))).toEqual(['server/younger'])
    const seen = store.events.generation()
    await session`commit`
    const began = performance.now()
    await store.events.wait(seen, 5000)
    expect(performance.now() - began).toBeLessThan(500)
    expect(subjects(await store.events.read({ cursor: during.cursor, limit: 10 }))).toEqual(['server/late', 'server/younger'])
    session.release()
    await late.end()
    await store.close()
  })

  test('an event written by a process that never told anybody is found by the slow safety pass', async () => {
    await using database = await testDatabase()
    const store = await open(database.connection)
    const silent = openClient(database.connection, { max: 1, name: 'silent' })
    const waiting = store.events.wait(store.events.generation(), 20_000)
    await silent`insert into events (project_id, type, version, time_ms, actor, subject, data)
      values ('default', 'server.started', 1, 0, 'test', 'server/silent', '{}')`
    const began = performance.now()
    await waiting
    expect(performance.now() - began).toBeLessThan(3000)
    await silent.end()
    await store.close()
  })
})

describe('two processes on one database', () => {
  test('an append in one wakes the other by NOTIFY, long before the safety pass', async () => {
    await using database = await testDatabase()
    const [a, b] = await Promise.all([open(database.connection), open(database.connection)])
    const took: number[] = []
    for (let n = 0; n < 5; n++) {
      const waiting = b.events.wait(b.events.generation(), 20_000)
      const began = performance.now()
      await a.events.append(event(n))
      await waiting
      took.push(performance.now() - began)
    }
    expect(Math.min(...took)).toBeLessThan(300)
    await Promise.all([a.close(), b.close()])
  })

  test('128 binds over 32 containers of two processes give every container one owner', async () => {
    await using database = await testDatabase()
    const [a, b] = await Promise.all([open(database.connection), open(database.connection)])
    const warm = await seedWarm(a, 32)
    const outcomes = await Promise.all(
      Array.from({ length: 128 }, (_, n) =>
        (n % 2 ? a : b).claims.bind(
          {
            claimId: `cl-${n}` as ClaimId,
            tenantId: `t-${n}` as TenantId,
            poolId: 'p' as PoolId,
            containerId: warm[n % 32] as never,
            source: 'pool',
            metadata: {},
            secretNames: [],
          },
          { event: event(n) },
        ),
      ),
    )
    expect(outcomes.filter((outcome) => outcome.outcome === 'bound')).toHaveLength(32)
    const live = await b.claims.all()
    expect(new Set(live.map((claim) => claim.containerId)).size).toBe(32)
    expect((await b.events.read({ limit: 200 })).items).toHaveLength(32)
    await Promise.all([a.close(), b.close()])
  })

  test('two projects in one database do not see each other', async () => {
    await using database = await testDatabase()
    const options = {
      connection: database.connection,
      clock: systemClock,
      log: silentLogger,
      metrics: noMetrics,
      maxConnections: 3,
    }
    const [a, b] = await Promise.all([createPostgresStore(options), createPostgresStore({ ...options, projectId: 'other' })])
    await a.workloads.create({ id: 'w' as WorkloadId, spec: {} as WorkloadSpec }, { event: event(1) })
    expect(await b.workloads.get('w' as WorkloadId)).toBeUndefined()
    expect((await b.workloads.create({ id: 'w' as WorkloadId, spec: {} as WorkloadSpec }, {})).outcome).toBe('ok')
    expect((await b.events.read({ limit: 10 })).items).toEqual([])
    await Promise.all([a.close(), b.close()])
  })
})

describe('starting', () => {
  test('four servers that start at once on an empty database migrate it once', async () => {
    await using database = await testDatabase()
    const lines: string[] = []
    const log = createLogger({ level: 'info', clock: systemClock, write: (line) => lines.push(line) })
    const stores = await Promise.all(
      Array.from({ length: 4 }, () =>
        createPostgresStore({ connection: database.connection, clock: systemClock, log, metrics: noMetrics, maxConnections: 3 }),
      ),
    )
    expect(lines.filter((line) => line.includes('Migrated'))).toHaveLength(1)
    await Promise.all(stores.map((store) => store.ping()))
    await Promise.all(stores.map((store) => store.close()))
  })

  test('a database of a newer program is refused with what to do, and left as it is', async () => {
    await using database = await testDatabase()
    await (await open(database.connection)).close()
    const sql = openClient(database.connection, { max: 1, name: 'test' })
    await sql`insert into schema_migrations (version, name, checksum) values (9999, '9999-later.sql', 'x')`
    const error = await open(database.connection).catch((e: unknown) => e)
    expect(isFault(error, 'store.version') && error.remedy).toContain('newer release')
    await sql.end()
  })

  test('a database that other statements migrated is refused with what to do, and left as it is', async () => {
    await using database = await testDatabase()
    await (await open(database.connection)).close()
    const sql = openClient(database.connection, { max: 1, name: 'test' })
    const all = () => sql`select * from schema_migrations`
    const [first] = await all()
    expect(first?.['checksum']).toMatch(/^[0-9a-f]{64}$/)
    await (await open(database.connection)).close()
    await sql`update schema_migrations set checksum = ${'0'.repeat(64)} where version = 1`
    const before = await all()
    const error = await open(database.connection).catch((e: unknown) => e)
    expect(isFault(error, 'store.version') && error.message).toContain('0001-start.sql')
    expect(isFault(error, 'store.version') && error.remedy).toContain('./boilerhouse backup create')
    expect(await all()).toEqual(before)
    await sql`alter table schema_migrations drop column checksum`
    expect(await faultOf(open(database.connection))).toBe('store.version')
    await sql.end()
  })

  test('a transaction pooler is refused', async () => {
    await using database = await testDatabase()
    const { host, user, database: name } = database.connection
    const pooler = await startTransactionPooler(join(host, '.s.PGSQL.5432'), user, name)
    const connection = { host: '127.0.0.1', port: pooler.port, user, database: name }
    for (const maxConnections of [6, 12]) expect(await faultOf(open(connection, maxConnections))).toBe('store.pooler')
    pooler.close()
  })

  test('no database at the address is unavailable, at once', async () => {
    const connection = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' }
    for (const maxConnections of [6, 12]) expect(await faultOf(open(connection, maxConnections))).toBe('store.unavailable')
  })

  test("libpq's URL of a Unix socket is understood", async () => {
    await using database = await testDatabase()
    const { host, user, database: name } = database.connection
    const store = await open(`postgresql://${user}@/${name}?host=${encodeURIComponent(host)}`)
    await store.ping()
    await store.close()
  })

  test('a store holds no more sessions than it was given', async () => {
    await using database = await testDatabase()
    const store = await open(database.connection)
    await Promise.all(Array.from({ length: 100 }, (_, n) => store.events.append(event(n))))
    const sql = openClient(database.connection, { max: 1, name: 'test' })
    const [row] =
      await sql`select count(*) as n from pg_stat_activity where datname = ${database.connection.database} and application_name like 'boilerhouse%'`
    expect(row?.['n']).toBeLessThanOrEqual(6)
    await sql.end()
    await store.close()
  })
})

async function onOwnPostgres(action: (store: Store, dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'bh-pgs-'))
  const server = await startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLogger, settings: { fsync: 'off' } })
  const store = await open(server.connection)
  try {
    await action(store, dataDir)
  } finally {
    await store.close()
    await server.leave()
    await rm(dataDir, { recursive: true, force: true })
  }
}

describe('a database that goes away', () => {
  test('is unavailable while it is gone, and everything works again when it is back, waiting included', async () => {
    await onOwnPostgres(async (store, dataDir) => {
      await store.events.append(event('before'))
      const pid = Number((await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0])
      process.kill(pid, 'SIGKILL')
      const codes = new Set<unknown>()
      for (const began = performance.now(); performance.now() - began < 20_000;) {
        const code = await faultOf(store.ping())
        codes.add(code)
        if (code === 'none' && codes.size > 1) break
      }
      expect([...codes].toSorted()).toEqual(['none', 'store.unavailable'])
      const waiting = store.events.wait(store.events.generation(), 20_000)
      await store.events.append(event('after'))
      await waiting
      expect(subjects(await store.events.read({ limit: 10 }))).toEqual(['server/before', 'server/after'])
    })
  }, 60_000)

  test('cut sessions are replaced, that of LISTEN too', async () => {
    await using database: TestDatabase = await testDatabase()
    const [a, b] = await Promise.all([open(database.connection), open(database.connection)])
    const admin = openClient({ ...database.connection, database: 'postgres' }, { max: 1, name: 'test' })
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${database.connection.database}`
    for (let tries = 0; tries < 100 && (await faultOf(a.ping())) !== 'none'; tries++) await systemClock.sleep(20)
    await systemClock.sleep(400)
    const waiting = b.events.wait(b.events.generation(), 20_000)
    const began = performance.now()
    await a.events.append(event(1))
    await waiting
    expect(performance.now() - began).toBeLessThan(900)
    await admin.end()
    await Promise.all([a.close(), b.close()])
  })
})
