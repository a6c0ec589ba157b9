import type { PoolId, TenantId } from '@boilerhouse/base'
import { dnsLabel, invalidRequest } from '@boilerhouse/resources'
import { Type } from '@sinclair/typebox'

import { found } from '../found.ts'
import { toRfc3339 } from '../present-time.ts'
import { proxyUrl } from '../proxy/proxy-url.ts'
import { json, route } from '../route.ts'
import { TenantParam, Ticket } from '../views.ts'

export const ProxyTicketRequest = Type.Object(
  {
    poolId: Type.Optional(dnsLabel()),
    portName: Type.Optional(dnsLabel({ description: 'The first http port of the workload, where not given.' })),
  },
  { additionalProperties: false },
)

export const createProxyTicket = route(
  {
    operationId: 'createProxyTicket',
    method: 'POST',
    path: '/api/v1/tenants/:tenantId/proxy-ticket',
    role: 'tenant',
    tag: 'Tenants',
    summary: "Open a tenant's port in a browser",
    description: 'The ticket works once, for 60 seconds; the proxy exchanges it for a cookie of its own origin and path.',
    params: TenantParam,
    body: ProxyTicketRequest,
    isBodyOptional: true,
    responses: { 201: { description: 'The ticket and the address to open.', schema: Ticket } },
    faults: ['claim.not_found', 'claim.ambiguous'],
  },
  async ({ params, body, principal }, { claims, store, tickets, proxy }) => {
    const claim = await claims.resolve(params.tenantId as TenantId, body.poolId as PoolId | undefined)
    const { ports } = found('workload', claim.workloadId, await store.workloads.get(claim.workloadId)).spec
    const port = ports.find(({ name, protocol }) => (body.portName === undefined ? protocol === 'http' : name === body.portName))
    if (port?.protocol !== 'http') throw invalidRequest([{ pointer: '/portName', detail: 'names no http port of the workload' }])
    const target = { tenantId: claim.tenantId, poolId: claim.poolId, portName: port.name }
    const { ticket, expiresAtMs } = tickets.issue({ kind: 'proxy', keyId: principal.id, ...target })
    const url = proxy && `${proxyUrl(proxy, target)}?ticket=${ticket}`
    return json(201, { ticket, ...(url !== undefined && { url }), expiresAt: toRfc3339(expiresAtMs) })
  },
)
