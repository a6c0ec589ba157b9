import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const tenantTicket = command({
  path: ['tenant', 'ticket'],
  summary: "Make a link that lets a browser into a tenant's container once.",
  operations: ['createProxyTicket'],
  args: ['tenant'],
  flags: {
    pool: { kind: 'text', about: 'Which pool, where it holds several.' },
    port: { kind: 'text', about: "Name of the port. Default: the workload's first." },
  },
  async run({ args: [tenantId = ''], flags, output, client }) {
    const body = given({ poolId: flags.pool, portName: flags.port })
    const ticket = answer(
      await (await client()).POST('/api/v1/tenants/{tenantId}/proxy-ticket', { params: { path: { tenantId } }, body }),
    )
    output.object(ticket, ticket.url ?? ticket.ticket)
  },
})
