import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const tenantTouch = command({
  path: ['tenant', 'touch'],
  summary: 'Say that a tenant is active: its idle time starts anew.',
  operations: ['touchTenant'],
  args: ['tenant'],
  flags: { pool: { kind: 'text', about: 'Which pool, where it holds several.' } },
  async run({ args: [tenantId = ''], flags, output, client }) {
    const body = given({ poolId: flags.pool })
    output.object(
      answer(await (await client()).POST('/api/v1/tenants/{tenantId}/touch', { params: { path: { tenantId } }, body })),
    )
  },
})
