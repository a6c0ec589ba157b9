import { Fault, isFault, type Logger } from '@boilerhouse/base'
import { once } from 'node:events'
import { Readable, type Writable } from 'node:stream'
import { createGunzip } from 'node:zlib'

import {
  backupTables,
  formatVersion,
  lines,
  unreadable,
  type BackupEnd,
  type BackupHeader,
  type TableHeader,
} from './backup-format.ts'
import { openClient, listenSessionName, type Connection, type Transaction } from './connection.ts'
import { listMigrations, migrateWithin } from './migrate.ts'
import { renumberEvents } from './renumber-events.ts'
import { asFault } from './store-call.ts'

export interface RestoreOptions {
  readonly connection: Connection
  readonly log: Logger
  /** Looks at the header before anything is written; what it throws ends the restore. */
  readonly accept?: (header: BackupHeader) => void
}

/**
 * Loads a backup into an empty database that no server uses, in one transaction: all of it or nothing. Client cursors of before
 * expire. Throws `store.in_use`, `store.not_empty`, `store.version`, `store.backup_unreadable`, `store.unavailable`.
 */
export async function restoreDatabase(options: RestoreOptions, source: AsyncIterable<Uint8Array>): Promise<BackupHeader> {
  const sql = openClient(options.connection, { max: 1, name: 'boilerhouse restore' })
  try {
    return await sql.begin(async (tx) => {
      const input = lines(gunzip(source))
      const header = readHeader(await nextLine(input))
      await refuseNewer(header)
      options.accept?.(header)
      await refuseServers(tx)
      await refuseData(tx)
      await migrateWithin(tx, options.log, header.schemaVersion)
      await tx`delete from event_log`
      await loadTables(tx, input)
      await renumberEvents(tx)
      // Of processes that are no more: whoever comes next leads with a higher fence, and requests that never ended may be made again.
      await tx`update leases set holder = null`
      await tx`delete from idempotency_keys where status is null`
      await migrateWithin(tx, options.log)
      return header
    })
  } catch (error) {
    throw isFault(error) ? error : asFault(error)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unzipped = createGunzip()
  const compressed = Readable.from(source)
  compressed.on('error', (error) => unzipped.destroy(error))
  try {
    yield* compressed.pipe(unzipped) as AsyncIterable<Uint8Array>
  } catch (cause) {
    throw unreadable('The backup is not a whole gzip file', cause)
  }
}

async function nextLine(input: AsyncGenerator<Buffer>): Promise<unknown> {
  const { value, done } = await input.next()
  if (done) throw unreadable('The backup ends too early')
  try {
    return JSON.parse(value.toString())
  } catch (cause) {
    throw unreadable('The backup is broken', cause)
  }
}

function readHeader(line: unknown): BackupHeader {
  const header = line as Partial<BackupHeader> | null
  if (header?.format !== 'boilerhouse-backup') throw unreadable('This is not a backup of Boilerhouse')
  return header as BackupHeader
}

async function refuseNewer(header: BackupHeader): Promise<void> {
  const newest = (await listMigrations()).at(-1)?.version ?? 0
  if (header.formatVersion <= formatVersion && header.schemaVersion <= newest) return
  throw new Fault(
    'store.version',
    `The backup of ${header.time} has schema ${header.schemaVersion}; this program knows ${newest}`,
    {
      remedy: 'Restore it with the release of Boilerhouse that made it, or a newer one.',
    },
  )
}

async function refuseServers(tx: Transaction): Promise<void> {
  const sessions = await tx`
    select from pg_stat_activity where datname = current_database() and application_name = ${listenSessionName} limit 1`
  if (sessions.length > 0) throw new Fault('store.in_use', 'A server is connected to the database')
}

async function refuseData(tx: Transaction): Promise<void> {
  for (const table of backupTables.filter((name) => name !== 'event_log')) {
    const [found] = await tx`select to_regclass(${table}) is not null as exists`
    if (!found?.['exists']) continue
    const rows = await tx`select from ${tx(table)} limit 1`
    if (rows.length > 0) throw new Fault('store.not_empty', `The table ${table} has rows already`)
  }
}

async function loadTables(tx: Transaction, input: AsyncGenerator<Buffer>): Promise<void> {
  let rows = 0
  for (;;) {
    const next = (await nextLine(input)) as Partial<TableHeader & BackupEnd>
    if (next.end) {
      if (next.rows !== rows) throw unreadable(`The backup has ${rows} rows, and says ${next.rows}`)
      return
    }
    const { table, columns } = next
    if (!backupTables.some((name) => name === table) || table === undefined || columns === undefined) {
      throw unreadable(`The backup holds an unknown table ${table}`)
    }
    rows += await loadRows(await tx`copy ${tx(table)} (${tx([...columns])}) from stdin`.writable(), input)
  }
}

async function loadRows(target: Writable, input: AsyncGenerator<Buffer>): Promise<number> {
  const ended = once(target, 'finish')
  let rows = 0
  for (;;) {
    const { value: line, done } = await input.next()
    if (done) throw unreadable('The backup ends too early')
    if (line.equals(endOfRows)) break
    rows++
    if (!target.write(Buffer.concat([line, lineEnd]))) await once(target, 'drain')
  }
  target.end()
  await ended
  return rows
}

const endOfRows = Buffer.from('\\.')
const lineEnd = Buffer.from('\n')
