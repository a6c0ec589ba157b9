import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const containerGet = command({
  path: ['container', 'get'],
  summary: 'Show one container: state, health history, cpu, memory and network.',
  operations: ['getContainer'],
  args: ['id'],
  flags: {},
  async run({ args: [id = ''], output, client }) {
    output.object(answer(await (await client()).GET('/api/v1/containers/{id}', { params: { path: { id } } })))
  },
})
