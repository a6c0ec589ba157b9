import { toRfc3339 } from '../present-time.ts'
import { json, route } from '../route.ts'
import { Ticket } from '../views.ts'

export const createTicket = route(
  {
    operationId: 'createTicket',
    method: 'POST',
    path: '/api/v1/tickets',
    role: 'any',
    tag: 'Events',
    summary: 'Get a one-use ticket for an event stream',
    description: 'For browsers, which cannot send a key with a WebSocket: subprotocol `ticket.<ticket>`, or `?ticket=`.',
    responses: { 201: { description: 'Good for 60 seconds.', schema: Ticket } },
  },
  ({ principal }, { tickets }) => {
    const { ticket, expiresAtMs } = tickets.issue({ kind: 'events', keyId: principal.id })
    return json(201, { ticket, expiresAt: toRfc3339(expiresAtMs) })
  },
)
