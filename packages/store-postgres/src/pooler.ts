import { Fault } from '@boilerhouse/base'

import type { Sql } from './connection.ts'

/**
 * Two sessions must be two and stay themselves: leases, LISTEN and prepared statements live in them. Behind a transaction pooler both
 * meet in one backend, or one of them moves between backends. Throws `store.pooler`.
 */
export async function refusePooler([a, b]: readonly [Sql, Sql]): Promise<void> {
  const seen: [Set<number>, Set<number>] = [new Set(), new Set()]
  for (let round = 0; round < 3; round++) {
    seen[0].add(await backendPid(a))
    seen[1].add(await backendPid(b))
  }
  if (seen[0].size === 1 && seen[1].size === 1 && seen[0].isDisjointFrom(seen[1])) return
  throw new Fault('store.pooler', 'The statements of one session run in different sessions of the database')
}

async function backendPid(sql: Sql): Promise<number> {
  const [row] = await sql`select pg_backend_pid() as pid`.simple()
  return Number(row?.['pid'])
}
