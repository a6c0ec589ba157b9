import { Sightings, type LeaseStore } from '@boilerhouse/store'
import type { Row } from 'postgres'

import type { Database } from './database.ts'

export function createLeaseStore({ sql, projectId, clock, call }: Database): LeaseStore {
  const sightings = new Sightings(clock)

  /** Takes a free lease, renews one's own: the counter moves, and the fence where the holder is another than before. */
  const take = (controller: string, holder: string) => sql`
    insert into leases (project_id, controller, holder, fence, counter) values (${projectId}, ${controller}, ${holder}, 1, 1)
    on conflict (project_id, controller) do update set
      holder = excluded.holder,
      counter = leases.counter + 1,
      fence = leases.fence + case when leases.holder is null then 1 else 0 end
    where leases.holder is null or leases.holder = excluded.holder
    returning fence`

  const takeOver = (controller: string, holder: string, { fence, counter }: Row) => sql`
    update leases set holder = ${holder}, fence = fence + 1, counter = counter + 1
    where project_id = ${projectId} and controller = ${controller} and fence = ${fence} and counter = ${counter}
    returning fence`

  const leading = (controller: string, fence: number) => {
    sightings.forget(controller)
    return { outcome: 'leading', fence: { controller, fence } } as const
  }

  return {
    acquire: (controller, holder, ttlMs) =>
      call('leases.acquire', async () => {
        for (;;) {
          const [taken] = await take(controller, holder)
          if (taken) return leading(controller, taken['fence'])
          const [row] =
            await sql`select holder, fence, counter from leases where project_id = ${projectId} and controller = ${controller}`
          if (!row?.['holder']) continue // given up this moment
          if (sightings.stoodStillMs(controller, `${row['fence']} ${row['counter']}`) < ttlMs)
            return { outcome: 'following', holder: row['holder'] }
          const [won] = await takeOver(controller, holder, row)
          if (won) return leading(controller, won['fence'])
          // renewed, or taken by another, this moment
        }
      }),
    release: ({ controller, fence }) =>
      call('leases.release', async () => {
        await sql`update leases set holder = null, counter = counter + 1
          where project_id = ${projectId} and controller = ${controller} and fence = ${fence}`
      }),
  }
}
