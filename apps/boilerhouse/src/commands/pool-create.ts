import { answer, given } from '../cli/answer.ts'
import { readBodyFile } from '../cli/body-file.ts'
import { command } from '../cli/command.ts'

export const poolCreate = command({
  path: ['pool', 'create'],
  summary: 'Make a pool of a workload.',
  operations: ['createPool'],
  args: ['id?'],
  flags: {
    workload: { kind: 'text', about: 'The workload it runs.' },
    min: { kind: 'whole', about: 'Warm containers to keep.' },
    max: { kind: 'whole', about: 'Containers in all.' },
    file: { kind: 'text', short: 'f', value: 'FILE', about: 'All fields from JSON or YAML; the flags above win.' },
  },
  async run({ args: [id], flags, output, client }) {
    const fields = flags.file === undefined ? {} : await readBodyFile(flags.file)
    const body = { ...fields, ...given({ id, workloadId: flags.workload, minSize: flags.min, maxSize: flags.max }) }
    // The server checks every field and says which are wrong.
    const made = answer(await (await client()).POST('/api/v1/pools', { body: body as never }))
    output.object(made, `${made.id} ${made.status.phase}`)
  },
})
