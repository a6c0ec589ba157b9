import type { Clock, Logger, Metrics } from '@boilerhouse/base'
import type { Store } from '@boilerhouse/store'

import { createClaimStore } from './claims.ts'
import { openClient, type Connection } from './connection.ts'
import { createContainerStore } from './containers.ts'
import type { Database } from './database.ts'
import { createEventStore } from './events.ts'
import { createEventWakeups } from './event-wakeups.ts'
import { canOpenHotSessions, openHotSessions, shareSessions } from './hot-sessions.ts'
import { createIdempotencyStore } from './idempotency.ts'
import { createKeyStore } from './keys.ts'
import { createLeaseStore } from './leases.ts'
import { migrate } from './migrate.ts'
import { createNetworkStore } from './networks.ts'
import { refusePooler } from './pooler.ts'
import { createPoolStore } from './pools.ts'
import { createSeriesStore } from './series.ts'
import { createStoreCall } from './store-call.ts'
import { warmSessions } from './warm-sessions.ts'
import { createWorkloadStore } from './workloads.ts'

export interface PostgresStoreOptions {
  readonly connection: Connection
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  /** All sessions of this store: two of them are for LISTEN and NOTIFY. */
  readonly maxConnections?: number
  readonly projectId?: string
}

/** Sessions of binds and their marks alone: few, so that each has its plans and rows at hand, and no long read is before a claim on its session. */
const hotSessions = 5
/** LISTEN and NOTIFY. */
const eventSessions = 2

/** Connects, migrates and listens. Throws `store.unavailable`, `store.pooler`, `store.version`. */
export async function createPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { connection, clock, log, metrics, maxConnections = 12, projectId = 'default' } = options
  const hasHot = maxConnections >= eventSessions + 2 * hotSessions
  const sql = openClient(connection, {
    max: Math.max(1, maxConnections - eventSessions - (hasHot ? hotSessions : 0)),
    name: 'boilerhouse',
  })
  const hot = hasHot && canOpenHotSessions(sql) ? openHotSessions(sql, hotSessions) : shareSessions(sql)
  const wakeups = createEventWakeups({ connection, projectId, clock, log })
  const call = createStoreCall(clock, metrics)
  const close = async () => {
    await Promise.all([wakeups.close(), hot.close(), sql.end({ timeout: 2 })])
  }
  const db: Database = { sql, projectId, clock, log, call, wakeups }
  try {
    const epoch = await call('start', async () => {
      await refusePooler(wakeups.sessions)
      await migrate(sql, log)
      await wakeups.listen()
      return await openEventLog(db)
    })
    const claims = createClaimStore(db, hot)
    await warmSessions(claims, hotSessions)
    return {
      workloads: createWorkloadStore(db),
      pools: createPoolStore(db),
      containers: createContainerStore(db),
      claims,
      keys: createKeyStore(db),
      events: createEventStore(db, epoch),
      leases: createLeaseStore(db),
      idempotency: createIdempotencyStore(db),
      series: createSeriesStore(db),
      networks: createNetworkStore(db),
      ping: () => call('ping', async () => void (await sql`select 1`)),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openEventLog({ sql, projectId }: Database): Promise<number> {
  await sql`insert into event_log (project_id) values (${projectId}) on conflict do nothing`
  const [row] = await sql`select epoch from event_log where project_id = ${projectId}`
  return Number(row?.['epoch'] ?? 0)
}
