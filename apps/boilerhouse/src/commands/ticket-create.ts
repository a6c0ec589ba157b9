import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const ticketCreate = command({
  path: ['ticket', 'create'],
  summary: 'Make a ticket with which a browser opens one event stream.',
  operations: ['createTicket'],
  args: [],
  flags: {},
  async run({ output, client }) {
    const ticket = answer(await (await client()).POST('/api/v1/tickets'))
    output.object(ticket, ticket.ticket)
  },
})
