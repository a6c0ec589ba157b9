import { Event } from '@boilerhouse/resources'

import { EventStreamQuery, toEventFilter } from '../events/event-query.ts'
import { openSse } from '../events/open-sse.ts'
import { route } from '../route.ts'

export const streamEvents = route(
  {
    operationId: 'streamEvents',
    method: 'GET',
    path: '/api/v1/events',
    role: 'any',
    tag: 'Events',
    summary: 'Stream events (SSE)',
    description:
      "Each event's `id` is its cursor: reconnect with `Last-Event-ID` or `?cursor=` and nothing is missed or told twice. A first event named `ready` tells where the stream starts; one named `fault` tells why it ends. A tenant's key sees its own tenant's.",
    query: EventStreamQuery,
    isStream: true,
    isLong: true,
    responses: { 200: { description: 'Events.', contentType: 'text/event-stream', schema: Event } },
    faults: ['event.cursor_expired', 'auth.ticket_invalid'],
  },
  async ({ query, principal, context, request }, deps) => {
    const filter = toEventFilter(query, principal)
    const cursor = query.cursor ?? request.headers.get('last-event-id') ?? undefined
    return openSse({ filter, cursor, principal, context, deps })
  },
)
