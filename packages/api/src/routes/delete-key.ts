import type { KeyId } from '@boilerhouse/base'

import { found } from '../found.ts'
import { noContent, route } from '../route.ts'
import { IdParam } from '../views.ts'

export const deleteKey = route(
  {
    operationId: 'deleteKey',
    method: 'DELETE',
    path: '/api/v1/keys/:id',
    role: 'admin',
    tag: 'Keys',
    summary: 'Revoke a key',
    description: 'It stops working within 5 seconds everywhere, and its streams end.',
    params: IdParam,
    responses: { 204: { description: 'Revoked.' } },
    faults: ['key.not_found'],
  },
  async ({ params, context }, { store, auth }) => {
    const id = params.id as KeyId
    const event = {
      type: 'key.revoked',
      actor: context.actor,
      subject: `key/${id}`,
      correlationId: context.correlationId,
    } as const
    const { outcome } = await store.keys.revoke(id, { event })
    if (outcome === 'missing') found('key', id, undefined)
    auth.revoked(id) // here at once; elsewhere when the event or the cache's time comes
    return noContent
  },
)
