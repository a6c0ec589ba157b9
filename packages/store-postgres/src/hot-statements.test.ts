import {
  newContainerId,
  noMetrics,
  silentLogger,
  systemClock,
  type ClaimId,
  type PoolId,
  type TenantId,
  type WorkloadId,
} from '@boilerhouse/base'
import { testDatabase } from '@boilerhouse/postgres-embedded/testing'
import type { PoolSpec, WorkloadSpec } from '@boilerhouse/resources'
import { expect, setDefaultTimeout, test } from 'bun:test'
import postgres from 'postgres'

import { createClaimStore } from './claims.ts'
import type { Sql } from './connection.ts'
import { createContainerStore } from './containers.ts'
import type { Database } from './database.ts'
import { createEventStore } from './events.ts'
import { shareSessions } from './hot-sessions.ts'
import { createKeyStore } from './keys.ts'
import { createPostgresStore } from './postgres-store.ts'

// Processes start and stop here: on a busy machine that takes its time.
setDefaultTimeout(60_000)

test('every statement of the claim path and of the event readers finds its rows by an index, on a database that is still empty', async () => {
  await using database = await testDatabase()
  const store = await createPostgresStore({
    connection: database.connection,
    clock: systemClock,
    log: silentLogger,
    metrics: noMetrics,
  })
  const statements = new Map<string, Set<string>>()
  let current = ''
  const sql = postgres({
    ...database.connection,
    max: 1,
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    connection: { options: '-c enable_seqscan=off -c jit=off -c plan_cache_mode=force_generic_plan' },
    debug: (_connection, query) => statements.set(current, (statements.get(current) ?? new Set()).add(query)),
  }) as unknown as Sql
  const wakeups = {
    wrote: () => {},
    wroteOnPath: () => {},
    wake: () => {},
    isClosed: () => false,
    generation: () => 0,
  } as unknown as Database['wakeups']
  const call: Database['call'] = (name, action) => {
    current = name
    return action()
  }
  const db: Database = { sql, projectId: 'default', clock: systemClock, log: silentLogger, call, wakeups }
  const [containers, claims, events, keys] = [
    createContainerStore(db),
    createClaimStore(db, shareSessions(sql)),
    createEventStore(db, 0),
    createKeyStore(db),
  ]

  await store.workloads.create({ id: 'w' as WorkloadId, spec: {} as WorkloadSpec }, {})
  const [poolId, tenantId, claimId] = ['p' as PoolId, 't' as TenantId, 'cl-1' as ClaimId]
  await store.pools.create({ id: poolId, spec: { workloadId: 'w', maxSize: 5 } as PoolSpec }, {})
  const containerId = newContainerId(systemClock.nowMs())
  const event = { type: 'container.claimed', actor: 'test', subject: 'x' } as const
  await containers.create({ id: containerId, poolId, workloadGeneration: 1, onDemand: false }, { event })
  await containers.transition(containerId, ['starting'], 'warm', {}, { event })
  await containers.warmIds(poolId, 10)
  await containers.counts(poolId)
  await claims.live(tenantId, poolId)
  await claims.bind(
    { claimId, tenantId, poolId, containerId, source: 'pool', metadata: {}, secretNames: [], maxClaims: 3 },
    { event },
  )
  await claims.bind({ claimId, tenantId, poolId, containerId, source: 'pool', metadata: {}, secretNames: [] }, { event })
  await claims.activate([{ claimId, event }])
  await claims.transition(claimId, ['active'], 'releasing', {}, { event })
  await claims.liveOf(tenantId)
  await claims.touch(new Map([[claimId, 1]]))
  await claims.list({ limit: 10 })
  await events.read({ limit: 10 })
  await events.activity({ limit: 10, filter: { tenantId } })
  await keys.byHash('x')

  // The size that fooled the planner: as if nothing had ever been in the tables.
  expect([...statements.keys()].length).toBeGreaterThan(12)
  for (const [name, texts] of statements) {
    for (const text of texts) {
      if (!/^\s*(with|select|update|insert|delete)/i.test(text) || text.includes('pg_type')) continue
      const plan = (await sql.unsafe(`explain (generic_plan) ${text}`)).map((row) => String(row['QUERY PLAN'])).join('\n')
      expect([name, plan.match(/Seq Scan on \w+/g) ?? []]).toEqual([name, []])
      // A pool's live claims, or all its warm containers, are never walked to find one row.
      if (name === 'claims.bind') expect(plan).not.toMatch(/containers_(warm|live)|claims_newest/)
      if (name === 'claims.activate' || name === 'claims.to_releasing') expect(plan).toMatch(/claims_pkey/)
    }
  }
  await sql.end()
  await store.close()
})
