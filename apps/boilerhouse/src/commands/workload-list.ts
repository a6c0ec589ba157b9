import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { noteNextPage, pageFlags } from '../cli/page-flags.ts'

export const workloadList = command({
  path: ['workload', 'list'],
  summary: 'List workloads.',
  operations: ['listWorkloads'],
  args: [],
  flags: pageFlags,
  async run({ flags, output, client }) {
    const { limit, cursor } = flags
    const page = answer(await (await client()).GET('/api/v1/workloads', { params: { query: given({ limit, cursor }) } }))
    output.table(
      page.items,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'STATE', value: ({ status }) => status.state },
        { title: 'WARMTH', value: ({ warmth }) => warmth },
        { title: 'IMAGE', value: ({ image, build }) => image ?? (build && `build ${build.context}`) },
        { title: 'REASON', value: ({ status }) => status.reason },
      ],
      page,
    )
    noteNextPage(output, page.nextCursor)
  },
})
