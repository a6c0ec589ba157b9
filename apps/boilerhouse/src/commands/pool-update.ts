import { answer } from '../cli/answer.ts'
import { readBodyFile } from '../cli/body-file.ts'
import { command } from '../cli/command.ts'

export const poolUpdate = command({
  path: ['pool', 'update'],
  summary: 'Replace the settings of a pool.',
  operations: ['updatePool'],
  args: ['id'],
  flags: {
    file: { kind: 'text', short: 'f', value: 'FILE', about: 'The pool; "-" reads standard input.' },
    revision: { kind: 'whole', about: 'Only if it still has this revision.' },
  },
  async run({ args: [id = ''], flags, output, client }) {
    const body = await readBodyFile(flags.file)
    const header = flags.revision === undefined ? {} : { 'If-Match': `"${flags.revision}"` }
    // The server checks every field and says which are wrong.
    const changed = answer(
      await (await client()).PUT('/api/v1/pools/{id}', { params: { path: { id }, header }, body: body as never }),
    )
    output.object(changed, `${changed.id} ${changed.status.phase}, revision ${changed.revision}`)
  },
})
