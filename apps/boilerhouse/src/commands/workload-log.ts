import { command } from '../cli/command.ts'
import { copyStream } from '../cli/copy-stream.ts'

export const workloadLog = command({
  path: ['workload', 'log'],
  summary: "Show the log of a workload's last build.",
  operations: ['getBuildLog'],
  args: ['id'],
  flags: { follow: { kind: 'truth', about: 'Go on while it builds.' } },
  async run({ args: [id = ''], flags, output, client, signal }) {
    const { data } = await (
      await client()
    ).GET('/api/v1/workloads/{id}/build-log', {
      params: { path: { id }, query: { follow: flags.follow } },
      parseAs: 'stream',
      signal,
    })
    await copyStream(data, output.raw)
  },
})
