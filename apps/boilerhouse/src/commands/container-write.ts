import { writeContainerFile } from '@boilerhouse/client'

import { command } from '../cli/command.ts'

export const containerWrite = command({
  path: ['container', 'write'],
  summary: 'Write a file into a container, or unpack a tar into a directory of it.',
  operations: ['putContainerFile'],
  args: ['id', 'path'],
  flags: {
    file: { kind: 'text', short: 'f', value: 'FILE', about: 'What to write. Default: standard input.' },
    tar: { kind: 'truth', about: 'It is a tar, as `container read` gives of a directory: unpack it at the path.' },
  },
  async run({ args: [id = '', path = ''], flags, output, client, signal }) {
    const content = flags.file === undefined ? Bun.stdin.stream() : Bun.file(flags.file)
    const written = await writeContainerFile(await client(), id, path, content, { isTar: flags.tar, signal })
    output.object(written, `${written.path} ${written.sizeBytes} bytes`)
  },
})
