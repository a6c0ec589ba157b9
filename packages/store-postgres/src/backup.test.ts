import {
  Fault,
  isFault,
  newContainerId,
  noMetrics,
  silentLogger,
  systemClock,
  type PoolId,
  type TenantId,
  type WorkloadId,
} from '@boilerhouse/base'
import { testDatabase, type TestDatabase } from '@boilerhouse/postgres-embedded/testing'
import type { PoolSpec, WorkloadSpec } from '@boilerhouse/resources'
import type { Store } from '@boilerhouse/store'
import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { gunzipSync, gzipSync } from 'node:zlib'

import { dumpDatabase } from './dump-database.ts'
import { createPostgresStore } from './postgres-store.ts'
import { restoreDatabase, type RestoreOptions } from './restore-database.ts'

// Processes start and stop here: on a busy machine that takes its time.
setDefaultTimeout(60_000)

const open = (database: TestDatabase): Promise<Store> =>
  createPostgresStore({
    connection: database.connection,
    clock: systemClock,
    log: silentLogger,
    metrics: noMetrics,
    maxConnections: 4,
  })
const dump = (database: TestDatabase) =>
  Array.fromAsync(dumpDatabase({ connection: database.connection, clock: systemClock, extra: { kept: ['a'] } }))
const restore = (database: TestDatabase, chunks: readonly Uint8Array[], accept?: RestoreOptions['accept']) =>
  restoreDatabase(
    { connection: database.connection, log: silentLogger, ...(accept ? { accept } : {}) },
    (async function* () {
      yield* chunks
    })(),
  )
const faultOf = (action: Promise<unknown>) =>
  action.then(
    () => 'none',
    (error: unknown) => (isFault(error) ? error.code : error),
  )

const odd = 'tab\t newline\n back\\slash \\. NUL \0 ü ✓ \\N'

async function seed(store: Store) {
  const spec = { name: odd, metadata: { odd } } as unknown as WorkloadSpec
  await store.workloads.create({ id: 'w' as WorkloadId, spec }, {})
  await store.workloads.appendBuildLog('w' as WorkloadId, 'line 1\nline 2\t\\.\n')
  await store.pools.create({ id: 'p' as PoolId, spec: { workloadId: 'w', maxSize: 5 } as PoolSpec }, {})
  const id = newContainerId(systemClock.nowMs())
  await store.containers.create({ id, poolId: 'p' as PoolId, workloadGeneration: 1, onDemand: false }, {})
  await store.containers.transition(id, ['starting'], 'warm', { reason: 'tab\tand \\N' }, {})
  const sealed = Uint8Array.from({ length: 256 }, (_, i) => i)
  const bound = await store.claims.bind(
    {
      claimId: 'cl-1' as never,
      tenantId: 'alice' as TenantId,
      poolId: 'p' as PoolId,
      containerId: id,
      source: 'pool',
      config: { odd },
      metadata: {},
      secretNames: ['S'],
      sealed,
    },
    { event: { type: 'container.claimed', actor: 'test', subject: `container/${id}`, data: { odd } } },
  )
  if (bound.outcome !== 'bound') throw new Error(bound.outcome)
  for (let n = 0; n < 20; n++)
    await store.events.append({ type: 'server.started', actor: 'test', subject: `server/${n}`, data: { n } })
  await store.series.write(10_000, [{ metric: 'cpu', labels: { odd: 'ü' }, atMs: 1000, value: 0.1 }])
  return { id, claim: bound.claim }
}

describe('a backup', () => {
  test('brings back every record byte for byte, and the events in their order, in another database', async () => {
    await using from = await testDatabase()
    await using to = await testDatabase()
    const source = await open(from)
    const { id, claim } = await seed(source)
    const before = await source.events.read({ limit: 100 })
    await source.events.readers.set('billing', before.items[4]?.cursor ?? '')
    const lease = await source.leases.acquire('pools', 'old', 1000)

    const header = await restore(to, await dump(from))
    expect(header).toMatchObject({ formatVersion: 1, schemaVersion: 1, extra: { kept: ['a'] } })
    const target = await open(to)
    expect(await target.workloads.get('w' as WorkloadId)).toEqual(await source.workloads.get('w' as WorkloadId))
    expect(await target.workloads.buildLog('w' as WorkloadId)).toBe('line 1\nline 2\t\\.\n')
    expect(await target.pools.get('p' as PoolId)).toEqual(await source.pools.get('p' as PoolId))
    expect(await target.containers.get(id)).toEqual(await source.containers.get(id))
    expect(await target.claims.live('alice' as TenantId, 'p' as PoolId)).toEqual(claim)
    const read = { metric: 'cpu', labels: {}, fromMs: 0, toMs: 5000, stepMs: 10_000 } as const
    expect(await target.series.read(read)).toEqual(await source.series.read(read))

    const after = await target.events.read({ limit: 100 })
    const content = (items: typeof after.items) =>
      items.map(({ type, subject, data, timeMs }) => ({ type, subject, data, timeMs }))
    expect(content(after.items)).toEqual(content(before.items))
    const place = await target.events.readers.get('billing')
    const rest = await target.events.read({ limit: 100, ...(place === undefined ? {} : { cursor: place }) })
    expect(content(rest.items)).toEqual(content(before.items.slice(5)))
    expect(await faultOf(target.events.read({ limit: 1, cursor: before.items[4]?.cursor ?? '' }))).toBe('event.cursor_expired')
    await target.events.append({ type: 'server.started', actor: 'test', subject: 'server/new' })
    expect((await target.events.read({ limit: 100, cursor: after.cursor })).items.map((item) => item.subject)).toEqual([
      'server/new',
    ])

    const next = await target.leases.acquire('pools', 'new', 1000)
    if (lease.outcome !== 'leading' || next.outcome !== 'leading') throw new Error('both lead')
    expect(next.fence.fence).toBeGreaterThan(lease.fence.fence)
    await Promise.all([source.close(), target.close()])
  })

  test('is of one moment: of what is written while it is made, no half is in it', async () => {
    await using from = await testDatabase()
    await using to = await testDatabase()
    const source = await open(from)
    // Table after table without one snapshot, pools would be there whose workloads were not yet: the restore would break a foreign key.
    const writing = (async () => {
      for (let n = 0; n < 40; n++) {
        await source.workloads.create({ id: `w${n}` as WorkloadId, spec: {} as WorkloadSpec }, {})
        await source.pools.create({ id: `p${n}` as PoolId, spec: { workloadId: `w${n}`, maxSize: 1 } as PoolSpec }, {})
      }
    })()
    for (let n = 0; n < 3; n++) {
      await using copy = await testDatabase()
      await restore(copy, await dump(from))
    }
    await writing
    await restore(to, await dump(from))
    const target = await open(to)
    expect((await target.pools.list({ limit: 100 })).items).toHaveLength(40)
    await Promise.all([source.close(), target.close()])
  })

  test('is refused by a database that has rows, which stay as they are', async () => {
    await using database = await testDatabase()
    const store = await open(database)
    await seed(store)
    await store.close()
    expect(await faultOf(restore(database, await dump(database)))).toBe('store.not_empty')
    const again = await open(database)
    expect((await again.events.read({ limit: 100 })).items).toHaveLength(21)
    await again.close()
  })

  test('is refused while a server uses the database, however empty, and where the caller does not accept its header', async () => {
    await using from = await testDatabase()
    await using to = await testDatabase()
    const store = await open(to)
    const source = await open(from)
    await source.close()
    const chunks = await dump(from)
    expect(await faultOf(restore(to, chunks))).toBe('store.in_use')
    await store.close()
    const accept = ({ extra }: { readonly extra: unknown }) => {
      throw new Fault('setting.invalid', `not this one: ${JSON.stringify(extra)}`)
    }
    expect(await faultOf(restore(to, chunks, accept))).toBe('setting.invalid')
    expect(await faultOf(restore(to, chunks))).toBe('none')
  })

  test('that was cut off, changed or never was one is refused, and nothing of it is loaded', async () => {
    await using from = await testDatabase()
    await using to = await testDatabase()
    const source = await open(from)
    await seed(source)
    await source.close()
    const whole = Buffer.concat(await dump(from))
    const text = gunzipSync(whole).toString('latin1')
    const broken = {
      cut: whole.subarray(0, whole.length - 20),
      shorter: gzipSync(
        Buffer.from(
          text
            .split('\n')
            .filter((line) => !line.includes('server/7'))
            .join('\n'),
          'latin1',
        ),
      ),
      noEnd: gzipSync(Buffer.from(text.slice(0, text.lastIndexOf('{"end"')), 'latin1')),
      other: gzipSync('{"format":"tar"}\n'),
      plain: Buffer.from('hello'),
    }
    for (const [name, bytes] of Object.entries(broken))
      expect([name, await faultOf(restore(to, [bytes]))]).toEqual([name, 'store.backup_unreadable'])
    const newer = gzipSync(Buffer.from(text.replace('"schemaVersion":1', '"schemaVersion":99'), 'latin1'))
    expect(await faultOf(restore(to, [newer]))).toBe('store.version')
    await restore(to, [whole])
  })
})
