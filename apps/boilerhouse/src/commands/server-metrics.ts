import { command } from '../cli/command.ts'
import { copyStream } from '../cli/copy-stream.ts'

export const serverMetrics = command({
  path: ['server', 'metrics'],
  summary: 'Show the metrics as Prometheus reads them.',
  operations: ['getMetrics', 'getApiMetrics'],
  args: [],
  flags: {},
  async run({ output, client }) {
    const { data } = await (await client()).GET('/api/v1/metrics', { parseAs: 'stream' })
    await copyStream(data, output.raw)
  },
})
