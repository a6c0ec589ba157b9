import { EventStreamQuery, toEventFilter } from '../events/event-query.ts'
import { openSocket } from '../events/open-socket.ts'
import { route, type Route } from '../route.ts'

const connect = (operationId: string, path: string): Route =>
  route(
    {
      operationId,
      method: 'GET',
      path,
      role: 'any',
      tag: 'Events',
      summary: 'Stream events (WebSocket)',
      description:
        'Messages are JSON: `{ kind: "ready", cursor }` first, then `{ kind: "event", event }`, and `{ kind: "fault", code, cursor? }` before the server closes. Resume with `?cursor=`. A browser sends its key as subprotocol `bearer.<key>`, or a ticket as `ticket.<ticket>`.',
      query: EventStreamQuery,
      isStream: true,
      isLong: true,
      responses: { 101: { description: 'The WebSocket is open.' } },
      faults: ['event.cursor_expired', 'auth.ticket_invalid', 'request.upgrade_required'],
    },
    async ({ query, principal, context, request, upgrade }, deps) =>
      openSocket(
        { filter: toEventFilter(query, principal), cursor: query.cursor, principal, context, deps },
        { request, upgrade },
      ),
  )

export const connectEvents = connect('connectEvents', '/api/v1/ws')
export const connectEventsAtRoot = connect('connectEventsAtRoot', '/ws')
