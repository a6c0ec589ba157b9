import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const serverStats = command({
  path: ['server', 'stats'],
  summary: 'Show figures of this moment.',
  operations: ['getStats'],
  args: [],
  flags: {},
  async run({ output, client }) {
    output.object(answer(await (await client()).GET('/api/v1/stats')))
  },
})
