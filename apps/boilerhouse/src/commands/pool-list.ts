import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { noteNextPage, pageFlags } from '../cli/page-flags.ts'

export const poolList = command({
  path: ['pool', 'list'],
  summary: 'List pools and how full they are.',
  operations: ['listPools'],
  args: [],
  flags: { ...pageFlags, workload: { kind: 'text', about: 'Only pools of this workload.' } },
  async run({ flags, output, client }) {
    const { limit, cursor, workload } = flags
    const page = answer(await (await client()).GET('/api/v1/pools', { params: { query: given({ limit, cursor, workload }) } }))
    output.table(
      page.items,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'WORKLOAD', value: ({ workloadId }) => workloadId },
        { title: 'PHASE', value: ({ status }) => status.phase },
        { title: 'WARM', value: ({ status, minSize }) => `${status.warm}/${minSize}` },
        { title: 'STARTING', value: ({ status }) => status.starting },
        { title: 'BOUND', value: ({ status }) => status.bound },
        { title: 'MAX', value: ({ maxSize }) => maxSize },
        {
          title: 'HIT RATE',
          value: ({ status }) => (status.hitRate === null ? undefined : `${Math.round(status.hitRate * 100)} %`),
        },
        { title: 'CONDITION', value: ({ status }) => status.conditions[0]?.message },
      ],
      page,
    )
    noteNextPage(output, page.nextCursor)
  },
})
