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
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@boilerhouse/postgres-embedded'
import type { PoolSpec, WorkloadSpec } from '@boilerhouse/resources'
import type { Store } from '@boilerhouse/store'
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openClient, type Connection } from './connection.ts'
import { openHotSessions } from './hot-sessions.ts'
import { createPostgresStore } from './postgres-store.ts'

// Processes start and stop here: on a busy machine that takes its time.
setDefaultTimeout(60_000)

let dataDir = ''
let server: EmbeddedPostgres
const start = async () => {
  const settings = { fsync: 'off', max_connections: '20' }
  server = await startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLogger, settings })
}
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'bh-hot-'))
  await start()
})
afterEach(async () => {
  await server.leave()
  await rm(dataDir, { recursive: true, force: true })
})

const openStore = () =>
  createPostgresStore({ connection: server.connection, clock: systemClock, log: silentLogger, metrics: noMetrics })

async function addWarm(store: Store): Promise<ContainerId> {
  const poolId = 'p' as PoolId
  await store.workloads.create({ id: 'w' as WorkloadId, spec: {} as WorkloadSpec }, {})
  await store.pools.create({ id: poolId, spec: { workloadId: 'w', maxSize: 10 } as PoolSpec }, {})
  const id = newContainerId(systemClock.nowMs())
  await store.containers.create({ id, poolId, workloadGeneration: 1, onDemand: false }, {})
  await store.containers.transition(id, ['starting'], 'warm', {}, {})
  return id
}

const event = { type: 'container.claimed', actor: 'test', subject: 'x' } as const
const settled = (action: Promise<string>) => action.catch((error: unknown) => (isFault(error) ? error.code : error))
const bind = ({ claims }: Store, containerId: ContainerId) =>
  settled(
    claims
      .bind(
        {
          claimId: 'c' as ClaimId,
          tenantId: 't' as TenantId,
          poolId: 'p' as PoolId,
          containerId,
          source: 'pool',
          metadata: {},
          secretNames: [],
        },
        { event },
      )
      .then(({ outcome }) => outcome),
  )
const mark = ({ claims }: Store) =>
  settled(claims.activate([{ claimId: 'c' as ClaimId, event }]).then(({ size }) => `marked ${size}`))
/** A bind of no container: it reaches the database and changes nothing. */
const bindNothing = (store: Store) => bind(store, '~' as ContainerId)

async function hotCount(): Promise<number> {
  const sql = openClient(server.connection, { max: 1, name: 'test' })
  const rows = await sql`select from pg_stat_activity where application_name = 'boilerhouse claims'`
  await sql.end()
  return rows.length
}

async function untilItWorks(store: Store): Promise<Set<unknown>> {
  const seen = new Set<unknown>()
  for (const began = performance.now(); performance.now() - began < 20_000; await systemClock.sleep(5)) {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => bindNothing(store)))
    for (const outcome of outcomes) seen.add(outcome)
    if (outcomes.every((outcome) => outcome === 'taken')) break
  }
  return seen
}

test('Postgres killed and started again: binds fail as unavailable for a moment, and work again by themselves', async () => {
  const store = await openStore()
  const id = await addWarm(store)
  for (let round = 0; round < 2; round++) {
    const pid = Number((await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0])
    process.kill(pid, 'SIGKILL')
    // Its backends notice a moment later.
    while ((await bindNothing(store)) !== 'store.unavailable') await systemClock.sleep(1)
    expect([...(await untilItWorks(store))].toSorted()).toEqual(['store.unavailable', 'taken'])
  }
  expect(await bind(store, id)).toBe('bound')
  expect(await mark(store)).toBe('marked 1')
  expect(await hotCount()).toBeLessThanOrEqual(5)
  await store.close()
})

test('Postgres away for a while: every bind and mark is unavailable at once, and all works when it is back', async () => {
  const store = await openStore()
  const id = await addWarm(store)
  await server.leave()
  for (const began = performance.now(); performance.now() - began < 1500; await systemClock.sleep(50)) {
    const asked = performance.now()
    const outcomes = await Promise.all([...Array.from({ length: 8 }, () => bind(store, id)), mark(store)])
    expect(new Set(outcomes)).toEqual(new Set(['store.unavailable']))
    expect(performance.now() - asked).toBeLessThan(5000)
  }
  await start()
  await untilItWorks(store)
  expect(await bind(store, id)).toBe('bound')
  expect(await mark(store)).toBe('marked 1')
  expect(await hotCount()).toBeLessThanOrEqual(5)
  await store.close()
})

test('no room for another session is unavailable, and works again once there is', async () => {
  const store = await openStore()
  const id = await addWarm(store)
  const admin = openClient(server.connection, { max: 1, name: 'test' })
  await admin`select 1`
  await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'boilerhouse claims'`
  const crowd = openClient(server.connection, { max: 20, name: 'crowd' })
  const crowding = Promise.allSettled(Array.from({ length: 20 }, () => crowd`select pg_sleep(30)`))
  const crowded = async () => {
    const [row] = await admin`select count(*) as n from pg_stat_activity where backend_type = 'client backend'`
    return row?.['n'] >= 20
  }
  while (!(await crowded())) await systemClock.sleep(20)
  expect(await bind(store, id)).toBe('store.unavailable')
  await crowd.end({ timeout: 0 })
  await crowding
  await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = 'crowd'`
  await untilItWorks(store)
  expect(await bind(store, id)).toBe('bound')
  await admin.end()
  await store.close()
})

/** Opens a store, says so, closes it once its input ends, and has nothing left to do. */
const openAndClose = `
  import { noMetrics, silentLogger, systemClock } from '@boilerhouse/base'
  import { createPostgresStore } from './postgres-store.ts'
  const connection = JSON.parse(process.argv.at(-1))
  const store = await createPostgresStore({ connection, clock: systemClock, log: silentLogger, metrics: noMetrics })
  process.stdout.write('open\\n')
  for await (const _ of process.stdin);
  await store.close()
  process.stdout.write('closed\\n')`

test.each(['there', 'away'])('a process that closes its store while Postgres is %s ends by itself', async (where) => {
  const argv = [process.execPath, '-e', openAndClose, JSON.stringify(server.connection)]
  const child = Bun.spawn(argv, { cwd: import.meta.dir, stdin: 'pipe', stdout: 'pipe', stderr: 'inherit' })
  const output = child.stdout.getReader()
  expect(new TextDecoder().decode((await output.read()).value)).toBe('open\n')
  expect(await hotCount()).toBe(5)
  if (where === 'away') await server.leave()
  const began = performance.now()
  await child.stdin.end()
  expect(new TextDecoder().decode((await output.read()).value)).toBe('closed\n')
  expect(await child.exited).toBe(0)
  expect(performance.now() - began).toBeLessThan(10_000)
  if (where === 'there') expect(await hotCount()).toBe(0)
})

/** TCP to the socket of the embedded Postgres, which has none itself. */
async function relay(path: string) {
  const relaying = createServer((socket) => {
    const upstream = connect(path)
    socket.on('error', () => upstream.destroy())
    upstream.on('error', () => socket.destroy())
    socket.pipe(upstream).pipe(socket)
  })
  await new Promise<void>((resolve) => relaying.listen(0, '127.0.0.1', resolve))
  const address = relaying.address()
  return { port: typeof address === 'object' && address ? address.port : 0, close: () => relaying.close() }
}

test('hot sessions go where the general ones go: every form of a connection, with password and sslmode', async () => {
  const { host, port, user, database } = server.connection
  const admin = openClient(server.connection, { max: 1, name: 'test' })
  const password = 'p@ss:w/rd%25?ü'
  await admin.unsafe(`create role guest login password '${password}'`)
  await admin`create schema elsewhere authorization guest`
  await writeFile(join(dataDir, 'postgres/data/pg_hba.conf'), 'local all guest scram-sha-256\nlocal all all trust\n')
  await admin`select pg_reload_conf()`
  const tcp = await relay(join(host, `.s.PGSQL.${port}`))
  const who = async (connection: Connection) => {
    const general = openClient(connection, { max: 1, name: 'test' })
    const hot = openHotSessions(general, 1)
    const text = `select current_user || ' ' || current_database() || ' ' || current_setting('search_path') as who where $1::int = 1`
    try {
      return (await hot.run(text, [1]))[0]?.['who']
    } catch (error) {
      return error instanceof Error ? error.message : error
    } finally {
      await Promise.all([hot.close(), general.end({ timeout: 0 })])
    }
  }
  const secret = encodeURIComponent(password)
  const socket = `host=${encodeURIComponent(host)}`
  const [guest, ours] = ['guest boilerhouse "$user", public', 'boilerhouse boilerhouse "$user", public']
  while ((await who({ host, port, user: 'guest', database })) === guest) await systemClock.sleep(20)
  expect(await who({ host, port, user: 'guest', database, password })).toBe(guest)
  expect(await who({ host: '127.0.0.1', port: tcp.port, user: 'guest', database, password })).toBe(guest)
  expect(await who(`postgres://guest:${secret}@127.0.0.1:${tcp.port}/${database}`)).toBe(guest)
  expect(await who(`postgres://guest:${secret}@127.0.0.1:${tcp.port}/${database}?sslmode=prefer`)).toBe(guest)
  expect(await who(`postgres://guest:${secret}@127.0.0.1:${tcp.port}/${database}?sslmode=disable&connect_timeout=5`)).toBe(guest)
  expect(await who(`postgresql://${user}@/${database}?${socket}`)).toBe(ours)
  expect(await who(`postgresql://guest:${secret}@/${database}?${socket}&search_path=elsewhere`)).toBe(
    'guest boilerhouse elsewhere',
  )
  expect(await who(`postgres://guest:wrong@127.0.0.1:${tcp.port}/${database}`)).toContain('password authentication failed')
  for (const mode of ['require', 'verify-full']) {
    expect(await who(`postgres://guest:${secret}@127.0.0.1:${tcp.port}/${database}?sslmode=${mode}`)).toMatch(/TLS|SSL/i)
  }
  tcp.close()
  await admin.end()
})
