import { Fault, type PoolId, type TenantId } from '@boilerhouse/base'
import type { ClaimRecord, Tenant } from '@boilerhouse/resources'
import type { Page, PageQuery } from '@boilerhouse/store'

import type { ClaimsWorld } from './claims-deps.ts'
import { claimView } from './tenant-view.ts'

/** More pools than a tenant ever has claims in. */
const maxClaimsOfTenant = 1000

interface Cursor {
  readonly store?: string
  /** Shown whole on the page before: its claims may go on in the store's next page. */
  readonly lastTenant: string
}

/** Tenants by id, each once and whole, although the store pages through claims. */
export async function tenantList(world: ClaimsWorld, query: PageQuery & { readonly poolId?: PoolId }): Promise<Page<Tenant>> {
  const { claims } = world.store
  const from = query.cursor === undefined ? undefined : readCursor(query.cursor)
  const filter = query.poolId ? { poolId: query.poolId } : {}
  const page = await claims.list({ limit: query.limit, ...filter, ...(from?.store === undefined ? {} : { cursor: from.store }) })
  const byTenant = new Map<TenantId, readonly ClaimRecord[]>()
  for (const claim of page.items) {
    if (claim.tenantId !== from?.lastTenant) byTenant.set(claim.tenantId, [...(byTenant.get(claim.tenantId) ?? []), claim])
  }
  const lastTenant = page.items.at(-1)?.tenantId
  if (page.nextCursor !== undefined && lastTenant !== undefined && byTenant.has(lastTenant)) {
    const whole = await claims.list({ limit: maxClaimsOfTenant, tenantId: lastTenant, ...filter })
    byTenant.set(lastTenant, whole.items)
  }
  const items = await Promise.all(
    [...byTenant].map(async ([tenantId, records]) => ({
      tenantId,
      claims: await Promise.all(records.map((claim) => claimView(world, claim))),
    })),
  )
  if (page.nextCursor === undefined || lastTenant === undefined) return { items }
  return { items, nextCursor: writeCursor({ store: page.nextCursor, lastTenant }) }
}

const writeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url')

function readCursor(text: string): Cursor {
  const invalid = (cause?: unknown) =>
    new Fault('request.invalid', 'The cursor is none of ours', {
      cause,
      errors: [{ pointer: '/cursor', detail: 'is none of ours' }],
    })
  let cursor: unknown
  try {
    cursor = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch (error) {
    throw invalid(error)
  }
  if (typeof cursor !== 'object' || cursor === null || !('lastTenant' in cursor) || !('store' in cursor)) throw invalid()
  if (typeof cursor.lastTenant !== 'string' || typeof cursor.store !== 'string') throw invalid()
  return { store: cursor.store, lastTenant: cursor.lastTenant }
}
