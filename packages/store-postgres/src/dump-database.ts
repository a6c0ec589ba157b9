import type { Clock } from '@boilerhouse/base'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'

import { backupTables, formatVersion, type BackupEnd, type BackupHeader, type TableHeader } from './backup-format.ts'
import { openClient, type Connection, type Transaction } from './connection.ts'
import { asFault } from './store-call.ts'

export interface DumpOptions {
  readonly connection: Connection
  readonly clock: Clock
  readonly extra?: Readonly<Record<string, unknown>>
}

/** Every table as it was at one moment, streamed; servers go on meanwhile. Throws `store.unavailable`. */
export function dumpDatabase(options: DumpOptions): AsyncIterable<Uint8Array> {
  const gzip = createGzip()
  const source = Readable.from(dumpLines(options))
  source.on('error', (error) => gzip.destroy(error))
  return source.pipe(gzip)
}

async function* dumpLines({ connection, clock, extra = {} }: DumpOptions): AsyncGenerator<Buffer> {
  const sql = openClient(connection, { max: 1, name: 'boilerhouse backup' })
  const session = await sql.reserve().catch((error: unknown) => {
    throw asFault(error)
  })
  try {
    await session`begin isolation level repeatable read read only`
    const [row] = await session`select max(version) as version from schema_migrations`
    const header: BackupHeader = {
      format: 'boilerhouse-backup',
      formatVersion,
      schemaVersion: Number(row?.['version']),
      time: new Date(clock.nowMs()).toISOString(),
      extra,
    }
    yield jsonLine(header)
    let rows = 0
    for (const table of backupTables) {
      const columns = await columnsOf(session as unknown as Transaction, table)
      yield jsonLine({ table, columns } satisfies TableHeader)
      const copied = await session`copy ${session(table)} (${session(columns)}) to stdout`.readable()
      for await (const chunk of copied as AsyncIterable<Buffer>) {
        for (const byte of chunk) if (byte === 10) rows++
        yield chunk
      }
      yield Buffer.from('\\.\n')
    }
    yield jsonLine({ end: true, rows } satisfies BackupEnd)
    await session`commit`
  } catch (error) {
    throw asFault(error)
  } finally {
    session.release()
    await sql.end({ timeout: 1 })
  }
}

const jsonLine = (value: object): Buffer => Buffer.from(`${JSON.stringify(value)}\n`)

/** Without generated ones: the database makes those again. */
async function columnsOf(tx: Transaction, table: string): Promise<string[]> {
  const rows = await tx<{ name: string }[]>`
    select attname as name from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`
  return rows.map((row) => row.name)
}
