import { command } from '../cli/command.ts'
import { copyStream } from '../cli/copy-stream.ts'

export const serverOpenapi = command({
  path: ['server', 'openapi'],
  summary: "Show the API's OpenAPI document.",
  operations: ['getOpenapi'],
  args: [],
  flags: {},
  async run({ output, client }) {
    const { data } = await (await client()).GET('/openapi.json', { parseAs: 'stream' })
    await copyStream(data as ReadableStream<Uint8Array> | undefined, output.raw)
  },
})
