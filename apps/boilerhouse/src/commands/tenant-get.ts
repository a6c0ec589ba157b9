import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const tenantGet = command({
  path: ['tenant', 'get'],
  summary: 'Show a tenant: its claims, config and the names of its secrets.',
  operations: ['getTenant'],
  args: ['tenant'],
  flags: {},
  async run({ args: [tenantId = ''], output, client }) {
    output.object(answer(await (await client()).GET('/api/v1/tenants/{tenantId}', { params: { path: { tenantId } } })))
  },
})
