import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { containerColumns } from '../cli/container-columns.ts'
import { noteNextPage, pageFlags } from '../cli/page-flags.ts'

export const poolContainers = command({
  path: ['pool', 'containers'],
  summary: 'List the containers of a pool.',
  operations: ['listPoolContainers'],
  args: ['id'],
  flags: pageFlags,
  async run({ args: [id = ''], flags, output, client }) {
    const query = given({ limit: flags.limit, cursor: flags.cursor })
    const page = answer(await (await client()).GET('/api/v1/pools/{id}/containers', { params: { path: { id }, query } }))
    output.table(page.items, containerColumns, page)
    noteNextPage(output, page.nextCursor)
  },
})
