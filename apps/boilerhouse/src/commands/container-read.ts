import { readContainerFile } from '@boilerhouse/client'

import { command } from '../cli/command.ts'
import { copyStream } from '../cli/copy-stream.ts'

export const containerRead = command({
  path: ['container', 'read'],
  summary: 'Write a file of a container to stdout; a directory as tar.',
  operations: ['getContainerFile'],
  args: ['id', 'path'],
  flags: {},
  async run({ args: [id = '', path = ''], output, client, signal }) {
    const { body } = await readContainerFile(await client(), id, path, signal)
    await copyStream(body, output.raw)
  },
})
