import { given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { copyStream } from '../cli/copy-stream.ts'

export const containerLogs = command({
  path: ['container', 'logs'],
  summary: 'Show what a container wrote.',
  operations: ['getContainerLogs'],
  args: ['id'],
  flags: { tail: { kind: 'whole', about: 'Lines from the end.' }, follow: { kind: 'truth', about: 'Go on as it writes.' } },
  async run({ args: [id = ''], flags, output, client, signal }) {
    const query = given({ tail: flags.tail, follow: flags.follow || undefined })
    const { data } = await (
      await client()
    ).GET('/api/v1/containers/{id}/logs', { params: { path: { id }, query }, parseAs: 'stream', signal })
    await copyStream(data, output.raw)
  },
})
