import { createReadStream } from 'node:fs'
import { access } from 'node:fs/promises'

import { createLogger, Fault, systemClock } from '@boilerhouse/base'

import { missingState, secretKeyIdOf, type BackupNotes } from '../backup/backup-notes.ts'
import { command } from '../cli/command.ts'
import { loadConfig, type Config } from '../config/load-config.ts'

export const backupRestore = command({
  path: ['backup', 'restore'],
  summary: 'Load a backup into the empty database of a data directory that no server uses: all of it or nothing.',
  args: ['file'],
  flags: {},
  async run({ args: [file = ''], output }) {
    await access(file)
    const config = await loadConfig()
    const log = createLogger({ level: 'warn', clock: systemClock, write: output.note })
    const [{ restoreDatabase }, { openDatabase }] = await Promise.all([
      import('@boilerhouse/store-postgres'),
      import('../backup/open-database.ts'),
    ])
    await using database = await openDatabase(config, systemClock, log)
    const accept = ({ extra }: { readonly extra: unknown }) => requireSecretKey(config, notesOf(extra))
    const header = await restoreDatabase({ connection: database.connection, log, accept }, createReadStream(file))
    const missing = await missingState(config, notesOf(header.extra))
    for (const name of missing)
      output.note(`missing: ${config.dataDir}/${name} is listed in the backup; copy it before the start`)
    output.object(
      { time: header.time, schemaVersion: header.schemaVersion, missing },
      `The database is as it was at ${header.time}`,
    )
  },
})

function notesOf(extra: unknown): BackupNotes {
  const notes = extra as Partial<BackupNotes> // what `backup create` wrote; other makers may write less
  return {
    program: notes.program ?? '',
    installation: notes.installation ?? '',
    secretKeyId: notes.secretKeyId ?? '',
    kept: notes.kept ?? [],
    volumes: notes.volumes ?? [],
  }
}

/** With another key the rows would load, and every claim with secrets would fail later. */
function requireSecretKey(config: Config, { secretKeyId }: BackupNotes): void {
  if (secretKeyId === '' || secretKeyId === secretKeyIdOf(config)) return
  throw new Fault('setting.invalid', 'BOILERHOUSE_SECRET_KEY is not the key that the backup was written with', {
    remedy: `Copy secret.key of the former data directory into ${config.dataDir}, or set BOILERHOUSE_SECRET_KEY to the former key.`,
  })
}
