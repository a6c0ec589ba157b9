import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { noteNextPage, pageFlags } from '../cli/page-flags.ts'

export const keyList = command({
  path: ['key', 'list'],
  summary: 'List API keys.',
  operations: ['listKeys'],
  args: [],
  flags: pageFlags,
  async run({ flags, output, client }) {
    const query = given({ limit: flags.limit, cursor: flags.cursor })
    const page = answer(await (await client()).GET('/api/v1/keys', { params: { query } }))
    output.table(
      page.items,
      [
        { title: 'ID', value: ({ id }) => id },
        { title: 'NAME', value: ({ name }) => name },
        { title: 'ROLE', value: ({ role }) => role },
        { title: 'TENANT', value: ({ tenantId }) => tenantId },
        { title: 'EXPIRES', value: ({ expiresAt }) => expiresAt },
        { title: 'REVOKED', value: ({ revokedAt }) => revokedAt },
      ],
      page,
    )
    noteNextPage(output, page.nextCursor)
  },
})
