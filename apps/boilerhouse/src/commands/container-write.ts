import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const containerWrite = command({
  path: ['container', 'write'],
  summary: 'Write a file into a container.',
  operations: ['putContainerFile'],
  args: ['id', 'path'],
  flags: { file: { kind: 'text', short: 'f', value: 'FILE', about: 'What to write. Default: standard input.' } },
  async run({ args: [id = '', path = ''], flags, output, client, signal }) {
    const source = flags.file === undefined ? Bun.stdin.stream() : Bun.file(flags.file)
    const written = answer(
      await (
        await client()
      ).PUT('/api/v1/containers/{id}/files', {
        params: { path: { id }, query: { path } },
        headers: { 'content-type': 'application/octet-stream' },
        // Bytes go as they are; the document says so by its content type.
        body: source as never,
        bodySerializer: (bytes) => bytes as never,
        signal,
      }),
    )
    output.object(written, `${written.path} ${written.sizeBytes} bytes`)
  },
})
