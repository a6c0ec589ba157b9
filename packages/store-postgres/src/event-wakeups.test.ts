import { silentLogger, systemClock } from '@boilerhouse/base'
import { testDatabase } from '@boilerhouse/postgres-embedded/testing'
import { expect, setDefaultTimeout, test } from 'bun:test'

import { openClient, type Sql } from './connection.ts'
import { createEventWakeups } from './event-wakeups.ts'

// Processes start and stop here: on a busy machine that takes its time.
setDefaultTimeout(60_000)

const commitsOf = async (sql: Sql) => (await sql`show synchronous_commit`)[0]?.['synchronous_commit']

test('the session that notifies does not wait for the disk, others do', async () => {
  await using database = await testDatabase()
  const { connection } = database
  const wakeups = createEventWakeups({ connection, projectId: 'default', clock: systemClock, log: silentLogger })
  const general = openClient(connection, { max: 1, name: 'test' })
  const [notifier] = wakeups.sessions
  expect([await commitsOf(notifier), await commitsOf(general)]).toEqual(['off', 'on'])
  // The settings of the planner come by the same way: they are still there.
  expect((await notifier`show plan_cache_mode`)[0]?.['plan_cache_mode']).toBe('force_generic_plan')
  await Promise.all([wakeups.close(), general.end()])
})
