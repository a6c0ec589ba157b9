import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { noteNextPage, pageFlags } from '../cli/page-flags.ts'

export const tenantList = command({
  path: ['tenant', 'list'],
  summary: 'List tenants and what they hold.',
  operations: ['listTenants'],
  args: [],
  flags: { ...pageFlags, pool: { kind: 'text', about: 'Only tenants of this pool.' } },
  async run({ flags, output, client }) {
    const { limit, cursor, pool } = flags
    const page = answer(await (await client()).GET('/api/v1/tenants', { params: { query: given({ limit, cursor, pool }) } }))
    const rows = page.items.flatMap(({ tenantId, claims }) => claims.map((claim) => ({ tenantId, ...claim })))
    output.table(
      rows,
      [
        { title: 'TENANT', value: ({ tenantId }) => tenantId },
        { title: 'POOL', value: ({ poolId }) => poolId },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'CONTAINER', value: ({ containerId }) => containerId },
        { title: 'LAST ACTIVITY', value: ({ lastActivityAt }) => lastActivityAt },
        { title: 'IDLE EXPIRES', value: ({ idleExpiresAt }) => idleExpiresAt },
      ],
      page,
    )
    noteNextPage(output, page.nextCursor)
  },
})
