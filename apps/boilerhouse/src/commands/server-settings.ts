import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const serverSettings = command({
  path: ['server', 'settings'],
  summary: 'Show each setting of the server, its value (redacted) and where it comes from.',
  operations: ['getSettings'],
  args: [],
  flags: {},
  async run({ output, client }) {
    const { items } = answer(await (await client()).GET('/api/v1/settings'))
    output.table(items, [
      { title: 'NAME', value: ({ name }) => name },
      {
        title: 'VALUE',
        value: ({ value }) =>
          value === undefined || value === null ? undefined : typeof value === 'string' ? value : JSON.stringify(value),
      },
      { title: 'SOURCE', value: ({ source }) => source },
    ])
  },
})
