import { followLogs } from '@boilerhouse/client'

import { given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const containerLogs = command({
  path: ['container', 'logs'],
  summary: 'Show what a container wrote.',
  operations: ['getContainerLogs'],
  args: ['id'],
  flags: { tail: { kind: 'whole', about: 'Lines from the end.' }, follow: { kind: 'truth', about: 'Go on as it writes.' } },
  async run({ args: [id = ''], flags, output, client, signal }) {
    const options = { ...given({ tail: flags.tail, follow: flags.follow || undefined }), signal }
    for await (const line of followLogs(await client(), id, options)) {
      if (output.isJson) output.raw(`${JSON.stringify(line)}\n`)
      else if (line.stream === 'stderr') output.rawError(`${line.text}\n`)
      else output.raw(`${line.text}\n`)
    }
  },
})
