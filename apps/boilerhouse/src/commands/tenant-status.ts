import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const tenantStatus = command({
  path: ['tenant', 'status'],
  summary: 'Show whether a tenant holds a container, and until when.',
  operations: ['getTenantStatus'],
  args: ['tenant'],
  flags: { pool: { kind: 'text', about: 'Which pool, where it holds several.' } },
  async run({ args: [tenantId = ''], flags, output, client }) {
    const query = given({ poolId: flags.pool })
    output.object(
      answer(await (await client()).GET('/api/v1/tenants/{tenantId}/status', { params: { path: { tenantId }, query } })),
    )
  },
})
