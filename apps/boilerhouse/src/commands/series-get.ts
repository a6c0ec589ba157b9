import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const seriesGet = command({
  path: ['series', 'get'],
  summary: 'Show a figure over time.',
  operations: ['getSeries'],
  args: ['metric'],
  flags: {
    pool: { kind: 'text', about: 'Only of this pool.' },
    container: { kind: 'text', about: 'Only of this container.' },
    tenant: { kind: 'text', about: 'Only of this tenant.' },
    from: { kind: 'text', value: 'TIME', about: 'RFC 3339. Default: an hour ago.' },
    to: { kind: 'text', value: 'TIME', about: 'RFC 3339. Default: now.' },
    step: { kind: 'text', value: '10s|1m', about: 'Default: 10s up to an hour.' },
  },
  async run({ args: [metric = ''], flags, output, client }) {
    const { pool, container, tenant, from, to, step } = flags
    const query = { metric, ...given({ pool, container, tenant, from, to, step }) }
    // The server checks metric and step, and names those that there are.
    const series = answer(await (await client()).GET('/api/v1/series', { params: { query: query as never } }))
    const rows = series.items.flatMap(({ labels, points }) => points.map((point) => ({ labels, ...point })))
    output.table(
      rows,
      [
        { title: 'TIME', value: ({ at }) => at },
        { title: 'VALUE', value: ({ value }) => value },
        { title: 'LABELS', value: ({ labels }) => JSON.stringify(labels) },
      ],
      series,
    )
  },
})
