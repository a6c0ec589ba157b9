import { rfc3339 } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { eventFilterParams, toEventFilter } from '../events/event-query.ts'
import { presentEvent } from '../present-event.ts'
import { json, route } from '../route.ts'
import { EventPage, PageParams } from '../views.ts'

export const listActivity = route(
  {
    operationId: 'listActivity',
    method: 'GET',
    path: '/api/v1/activity',
    role: 'any',
    tag: 'Events',
    summary: 'Read what happened, newest first',
    description: "A tenant's key sees its own tenant's.",
    query: Type.Object(
      {
        ...PageParams,
        ...eventFilterParams,
        subject: Type.Optional(Type.String({ maxLength: 512, description: '`<kind>/<id>`' })),
        from: Type.Optional(rfc3339()),
        to: Type.Optional(rfc3339()),
      },
      { additionalProperties: false },
    ),
    responses: { 200: { description: 'A page of events.', schema: EventPage } },
  },
  async ({ query: { limit, cursor, subject, from, to, ...asked }, principal }, { store }) => {
    const visible = toEventFilter(asked, principal)
    if (visible === 'nothing') return json(200, { items: [] })
    const filter = {
      ...visible,
      ...(subject !== undefined && { subject }),
      ...(from !== undefined && { fromMs: Date.parse(from) }),
      ...(to !== undefined && { toMs: Date.parse(to) }),
    }
    const page = await store.events.activity({ limit, filter, ...(cursor !== undefined && { cursor }) })
    return json(200, { ...page, items: page.items.map(presentEvent) })
  },
)
