import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { containerColumns } from '../cli/container-columns.ts'
import { noteNextPage, pageFlags } from '../cli/page-flags.ts'

export const containerList = command({
  path: ['container', 'list'],
  summary: 'List containers.',
  operations: ['listContainers'],
  args: [],
  flags: {
    ...pageFlags,
    pool: { kind: 'text', about: 'Only of this pool.' },
    state: { kind: 'text', about: 'Only in this state.' },
    tenant: { kind: 'text', about: 'Only of this tenant.' },
  },
  async run({ flags, output, client }) {
    const { limit, cursor, pool, state, tenant } = flags
    const query = given({ limit, cursor, pool, state, tenant })
    // The server checks the state's name.
    const page = answer(await (await client()).GET('/api/v1/containers', { params: { query: query as never } }))
    output.table(page.items, containerColumns, page)
    noteNextPage(output, page.nextCursor)
  },
})
