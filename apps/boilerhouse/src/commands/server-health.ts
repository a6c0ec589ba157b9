import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'

export const serverHealth = command({
  path: ['server', 'health'],
  summary: 'Show whether the server and what it needs are well.',
  operations: ['getHealth', 'getApiHealth'],
  args: [],
  flags: {},
  async run({ output, client }) {
    const health = answer(await (await client()).GET('/api/v1/health'))
    output.table(
      health.dependencies,
      [
        { title: 'DEPENDENCY', value: ({ name }) => name },
        { title: 'STATUS', value: ({ status }) => status },
        { title: 'MS', value: ({ latencyMs }) => latencyMs.toFixed(1) },
        { title: 'DETAIL', value: ({ detail }) => detail },
      ],
      health,
    )
    return health.status === 'down' ? exitCodes.unavailable : exitCodes.ok
  },
})
