import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const imageInspect = command({
  path: ['image', 'inspect'],
  summary: 'Show what an image on the host says of itself.',
  operations: ['inspectImage'],
  args: ['image'],
  flags: {},
  async run({ args: [image = ''], output, client }) {
    output.object(answer(await (await client()).GET('/api/v1/images/inspect', { params: { query: { image } } })))
  },
})
