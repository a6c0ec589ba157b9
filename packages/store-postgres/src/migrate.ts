import { Fault, type Logger } from '@boilerhouse/base'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Sql, Transaction } from './connection.ts'

/** Any number, the same in every version: whoever holds it migrates. */
const migrationLock = 4_220_412
const directory = join(import.meta.dir, '..', 'migrations')

interface Migration {
  readonly version: number
  readonly name: string
}

/** Numbered from 1 without a gap; a migration that was released never changes. */
export async function listMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).toSorted()
  return names.map((name) => ({ version: Number(name.slice(0, 4)), name }))
}

/**
 * Brings the schema up to this program's, in one transaction under a lock: of several servers that start at once one does it, the
 * others find it done. Throws `store.version` where the database is newer than the program. Returns the version it is at.
 */
export async function migrate(sql: Sql, log: Logger): Promise<number> {
  return await sql.begin((tx) => migrateWithin(tx, log))
}

/** Up to a version, where one is given: a restore loads data of an earlier schema before it migrates on. */
export async function migrateWithin(tx: Transaction, log: Logger, upTo = Infinity): Promise<number> {
  const migrations = await listMigrations()
  const newest = migrations.at(-1)?.version ?? 0
  await tx`select pg_advisory_xact_lock(${migrationLock})`
  await tx`create table if not exists schema_migrations (version int primary key, name text not null, applied_at timestamptz not null default now())`
  const [row] = await tx`select coalesce(max(version), 0) as version from schema_migrations`
  const found = Number(row?.['version'])
  if (found > newest) {
    throw new Fault('store.version', `The database has schema ${found}; this program knows ${newest}`, {
      remedy: 'Start the newer release of Boilerhouse that migrated it, or restore a backup from before into an empty database.',
    })
  }
  for (const { version, name } of migrations.filter((migration) => migration.version > found && migration.version <= upTo)) {
    await tx.unsafe(await readFile(join(directory, name), 'utf8'))
    await tx`insert into schema_migrations (version, name) values (${version}, ${name})`
    log.info('Migrated the database', { version, name })
  }
  return newest
}
