import { answer } from '../cli/answer.ts'
import { readBodyFile } from '../cli/body-file.ts'
import { command } from '../cli/command.ts'

export const workloadCreate = command({
  path: ['workload', 'create'],
  summary: 'Register a workload from a JSON or YAML file.',
  operations: ['createWorkload'],
  args: [],
  flags: { file: { kind: 'text', short: 'f', value: 'FILE', about: 'The workload; "-" reads standard input.' } },
  async run({ flags, output, client }) {
    const body = await readBodyFile(flags.file)
    // The server checks every field and says which are wrong.
    const made = answer(await (await client()).POST('/api/v1/workloads', { body: body as never }))
    output.object(made, `${made.id} ${made.status.state}`)
  },
})
