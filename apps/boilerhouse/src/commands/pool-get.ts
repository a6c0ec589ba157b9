import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const poolGet = command({
  path: ['pool', 'get'],
  summary: 'Show one pool.',
  operations: ['getPool'],
  args: ['id'],
  flags: {},
  async run({ args: [id = ''], output, client }) {
    output.object(answer(await (await client()).GET('/api/v1/pools/{id}', { params: { path: { id } } })))
  },
})
