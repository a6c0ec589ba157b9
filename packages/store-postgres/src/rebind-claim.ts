import type { ClaimStore } from '@boilerhouse/store'

import type { Database } from './database.ts'
import { toClaim, toContainer } from './rows.ts'
import { checkFence, fenced, logged } from './write.ts'

/**
 * One statement: the recovering claim is locked first, so that two rebinds of it go one after another and the second finds a
 * container in it. A claim whose new container died too before it was delivered is not bound anew: it is ended, files first.
 */
export function rebindClaim(db: Database): ClaimStore['rebind'] {
  const { sql, projectId, clock, call, wakeups } = db
  return (claimId, containerId, options) =>
    call('claims.rebind', async () => {
      const nowMs = Math.floor(clock.nowMs())
      const [row] = await sql`
        with claim as (
          select * from claims c where c.project_id = ${projectId} and c.id = ${claimId} and ${isHomeless(sql)} for no key update
        ), taken as (
          update containers set state = 'bound', claim_id = claim.id, tenant_id = claim.tenant_id, bound_at = ${nowMs},
            updated_at = ${nowMs}, revision = containers.revision + 1
          from claim
          where containers.project_id = ${projectId} and containers.id = ${containerId} and containers.pool_id = claim.pool_id
            and containers.state = ${'warm'} and ${fenced(db, options.fence)}
          returning containers.*
        ), bound as (
          update claims set container_id = taken.id, updated_at = ${nowMs} from taken
          where claims.project_id = ${projectId} and claims.id = ${claimId}
          returning claims.*
        ) ${logged(db, options.event, sql`taken`)}
        select taken.* from taken, bound`
      if (row) {
        if (options.event) wakeups.wrote()
        const [claim] = await sql`select * from claims where project_id = ${projectId} and id = ${claimId}`
        return { outcome: 'bound', claim: toClaim(claim ?? {}), container: toContainer(row) }
      }
      await checkFence(db, options.fence)
      const homeless =
        await sql`select from claims c where c.project_id = ${projectId} and c.id = ${claimId} and ${isHomeless(sql)}`
      return { outcome: homeless.length > 0 ? 'taken' : 'conflict' }
    })
}

const isHomeless = (sql: Database['sql']) => sql`c.state = 'recovering' and c.container_id is null`
