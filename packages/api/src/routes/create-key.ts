import { newKeyId, type TenantId } from '@boilerhouse/base'
import { invalidRequest, KeyCreated, KeyInput } from '@boilerhouse/resources'

import { hashKey, newKeySecret } from '../auth/key-secret.ts'
import { presentKey } from '../present-key.ts'
import { json, route } from '../route.ts'

export const createKey = route(
  {
    operationId: 'createKey',
    method: 'POST',
    path: '/api/v1/keys',
    role: 'admin',
    tag: 'Keys',
    summary: 'Make a key',
    description: 'The answer is the only time that the key itself is shown.',
    body: KeyInput,
    isIdempotent: true,
    responses: { 201: { description: 'Made.', schema: KeyCreated } },
  },
  async ({ body, context }, { store, clock, auth }) => {
    const { tenantId, expiresAt, ...fields } = body
    const isTenant = body.role === 'tenant'
    if (isTenant && tenantId === undefined) throw invalidRequest([{ pointer: '/tenantId', detail: 'is needed for role tenant' }])
    if (!isTenant && tenantId !== undefined) throw invalidRequest([{ pointer: '/tenantId', detail: 'is only for role tenant' }])
    if (!isTenant && body.pools) throw invalidRequest([{ pointer: '/pools', detail: 'is only for role tenant' }])
    const expiresAtMs = expiresAt === undefined ? undefined : Date.parse(expiresAt)
    if (expiresAtMs !== undefined && !(expiresAtMs > clock.nowMs())) {
      throw invalidRequest([{ pointer: '/expiresAt', detail: 'must lie in the future' }])
    }
    const id = newKeyId(clock.nowMs())
    const key = newKeySecret()
    const event = {
      type: 'key.created',
      actor: context.actor,
      subject: `key/${id}`,
      correlationId: context.correlationId,
      data: { name: body.name, role: body.role, ...(tenantId !== undefined && { forTenant: tenantId }) },
    } as const
    const record = await store.keys.create(
      {
        ...fields,
        id,
        hash: hashKey(key),
        ...(tenantId !== undefined && { tenantId: tenantId as TenantId }),
        ...(expiresAtMs !== undefined && { expiresAt: expiresAtMs }),
      },
      { event },
    )
    auth.created(record) // here at once; elsewhere when the event comes, or at its first use
    return json(201, { ...presentKey(record), key }, { location: `/api/v1/keys/${id}` })
  },
)
