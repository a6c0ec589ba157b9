import { createLogger, Fault, systemClock } from '@boilerhouse/base'

import { takeNotes } from '../backup/backup-notes.ts'
import { writeFileWhole } from '../backup/write-file-whole.ts'
import { command } from '../cli/command.ts'
import { loadConfig } from '../config/load-config.ts'

export const backupCreate = command({
  path: ['backup', 'create'],
  summary: 'Write every table, as of one moment, into a file; servers go on meanwhile.',
  args: ['file'],
  flags: { force: { kind: 'truth', about: 'Replace the file where it is there.' } },
  async run({ args: [file = ''], flags, output }) {
    const config = await loadConfig()
    const log = createLogger({ level: 'warn', clock: systemClock, write: output.note })
    const [{ dumpDatabase }, { openDatabase }] = await Promise.all([
      import('@boilerhouse/store-postgres'),
      import('../backup/open-database.ts'),
    ])
    await using database = await openDatabase(config, systemClock, log)
    const notes = await takeNotes(config)
    const dump = dumpDatabase({ connection: database.connection, clock: systemClock, extra: { ...notes } })
    const sizeBytes = await writeFileWhole(file, dump, { replace: flags.force }).catch(explain(file))
    output.object(
      { file, sizeBytes, kept: notes.kept.length, volumes: notes.volumes.length },
      `${file} holds the database (${sizeBytes} bytes)`,
    )
    output.note(
      `Not in it, copy them too: ${config.dataDir}/kept (${notes.kept.length} tenants' files), ${config.dataDir}/volumes (${notes.volumes.length}), and the secret key, which it cannot be read without.`,
    )
  },
})

const explain =
  (file: string) =>
  (error: unknown): never => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new Fault('request.invalid', `${file} is there already`, { remedy: 'Give another name, or --force to replace it.' })
    throw error
  }
