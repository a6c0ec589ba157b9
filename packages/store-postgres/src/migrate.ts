import { Fault, type Logger } from '@boilerhouse/base'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Sql, Transaction } from './connection.ts'

/** Any number, the same in every version: whoever holds it migrates. */
const migrationLock = 4_220_412
const directory = join(import.meta.dir, '..', 'migrations')

interface Migration {
  readonly version: number
  readonly name: string
  readonly statements: string
  /** SHA-256 of the statements, hex. */
  readonly checksum: string
}

/** Numbered from 1 without a gap; a migration that was applied anywhere never changes. */
export async function listMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const statements = await readFile(join(directory, name), 'utf8')
      return { version: Number(name.slice(0, 4)), name, statements, checksum: sha256(statements) }
    }),
  )
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * Brings the schema up to this program's, in one transaction under a lock: of several servers that start at once one does it, the
 * others find it done. Throws `store.version` where the database is newer than the program, or was migrated by other statements than
 * the program's. Returns the version it is at.
 */
export async function migrate(sql: Sql, log: Logger): Promise<number> {
  return await sql.begin((tx) => migrateWithin(tx, log))
}

/** Up to a version, where one is given: a restore loads data of an earlier schema before it migrates on. */
export async function migrateWithin(tx: Transaction, log: Logger, upTo = Infinity): Promise<number> {
  const migrations = await listMigrations()
  const newest = migrations.at(-1)?.version ?? 0
  await tx`select pg_advisory_xact_lock(${migrationLock})`
  await tx`create table if not exists schema_migrations (version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`
  const applied = await tx`select * from schema_migrations order by version`
  const found = Number(applied.at(-1)?.['version'] ?? 0)
  if (found > newest) throw isNewer(found, newest)
  for (const row of applied) {
    const ours = migrations.find(({ version }) => version === row['version'])
    if (ours?.checksum !== row['checksum']) throw isOther(row['name'])
  }
  for (const { version, name, statements, checksum } of migrations) {
    if (version <= found || version > upTo) continue
    await tx.unsafe(statements)
    await tx`insert into schema_migrations (version, name, checksum) values (${version}, ${name}, ${checksum})`
    log.info('Migrated the database', { version, name })
  }
  return newest
}

const isNewer = (found: number, newest: number): Fault =>
  new Fault('store.version', `The database has schema ${found}; this program knows ${newest}`, {
    remedy: 'Start the newer release of Boilerhouse that migrated it, or restore a backup from before into an empty database.',
  })

/** What the tables look like is not known then: nothing is tried. */
const isOther = (name: string): Fault =>
  new Fault('store.version', `The database was migrated by another ${name} than this program's`, {
    remedy:
      'Start the Boilerhouse that migrated it and write a backup there (`./boilerhouse backup create`); with this one, restore it into an empty database: another DATABASE_URL or data directory.',
  })
