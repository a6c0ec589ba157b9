import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const workloadGet = command({
  path: ['workload', 'get'],
  summary: 'Show one workload.',
  operations: ['getWorkload'],
  args: ['id'],
  flags: {},
  async run({ args: [id = ''], output, client }) {
    output.object(answer(await (await client()).GET('/api/v1/workloads/{id}', { params: { path: { id } } })))
  },
})
