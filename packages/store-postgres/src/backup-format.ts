import { Fault } from '@boilerhouse/base'

/**
 * A backup is gzip of lines: the header as JSON; for each table its name and columns as JSON, its rows as COPY text and `\.`; last the
 * count of rows as JSON, by which a file that was cut off is known.
 */
export const formatVersion = 1

export interface BackupHeader {
  readonly format: 'boilerhouse-backup'
  readonly formatVersion: number
  readonly schemaVersion: number
  /** RFC 3339. */
  readonly time: string
  /** What else the caller says of it, e.g. the kept state that lies beside the database. */
  readonly extra: Readonly<Record<string, unknown>>
}

export interface TableHeader {
  readonly table: string
  readonly columns: readonly string[]
}

export interface BackupEnd {
  readonly end: true
  readonly rows: number
}

/** In the order in which rows may refer to each other. */
export const backupTables = [
  'workloads',
  'build_logs',
  'pools',
  'containers',
  'claims',
  'keys',
  'event_log',
  'events',
  'event_readers',
  'leases',
  'idempotency_keys',
  'series',
  'networks',
] as const

export const unreadable = (detail: string, cause?: unknown): Fault => new Fault('store.backup_unreadable', detail, { cause })

const newline = 10

/** Lines without their ends; COPY text has no other line ends in it. */
export async function* lines(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of source) {
    const text = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = text.indexOf(newline); end >= 0; end = text.indexOf(newline, start)) {
      yield text.subarray(start, end)
      start = end + 1
    }
    rest = text.subarray(start)
  }
  if (rest.length > 0) throw unreadable('The backup ends in the middle of a line')
}
