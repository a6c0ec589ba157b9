import type { TenantId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'
import * as fc from 'fast-check'

import { codeOf } from './fault-code.fixture.ts'
import { claimRequest, context, createWorld, type World } from './world.fixture.ts'

type Command = (world: World, processes: readonly World['claims'][]) => Promise<unknown>

const tenants = ['a', 'b', 'c'] as TenantId[]
const pools = ['demo', 'other']
const process = fc.nat({ max: 1 })

const command: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(process, fc.constantFrom(...tenants), fc.constantFrom(...pools), fc.nat({ max: 3 })).map(
    ([by, tenant, poolId, n]): Command =>
      (_, all) =>
        codeOf(all[by]!.claim(tenant, claimRequest({ poolId, waitMs: 300, config: { n } }), context())),
  ),
  fc.tuple(process, fc.constantFrom(...tenants), fc.constantFrom(...pools)).map(
    ([by, tenant, poolId]): Command =>
      (_, all) =>
        codeOf(all[by]!.release(tenant, { poolId }, context())),
  ),
  fc.constantFrom(...tenants).map((tenant): Command => async (world) => {
    const claim = await world.live(tenant)
    if (claim?.containerId) await world.lose(claim.containerId)
  }),
  process.map(
    (by): Command =>
      (world, all) =>
        codeOf(world.resumeAll(all[by])),
  ),
  fc.tuple(process, fc.nat({ max: 5 })).map(([by, n]): Command => async (world, all) => {
    const container = (await world.store.containers.all())[n]
    if (container) await codeOf(all[by]!.removeContainer(container.id, { force: n % 2 === 0 }, context()))
  }),
)

async function checkOwnership(world: World): Promise<void> {
  const claims = await world.store.claims.all()
  const pairs = claims.map(({ tenantId, poolId }) => JSON.stringify([tenantId, poolId]))
  expect(new Set(pairs).size).toBe(pairs.length)
  const held = claims.flatMap(({ containerId }) => containerId ?? [])
  expect(new Set(held).size).toBe(held.length)
  for (const claim of claims) {
    const container = claim.containerId && (await world.store.containers.get(claim.containerId))
    if (container)
      expect([container.claimId, container.tenantId, container.poolId]).toEqual([claim.id, claim.tenantId, claim.poolId])
  }
  // One that its claim has let go of is stopped, and bound only until the controller drains it.
  const bound = (await world.store.containers.all({ states: ['bound'] })).filter((each) =>
    claims.some(({ id, containerId }) => id === each.claimId && containerId === each.id),
  )
  const owners = bound.map(({ tenantId, poolId }) => JSON.stringify([tenantId, poolId]))
  expect(new Set(owners).size).toBe(owners.length)
}

test('whatever is asked at once by two processes: no container has two tenants, no tenant two containers of a pool', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(command, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
      async (rounds) => {
        using world = await createWorld({
          warm: 2,
          pool: { maxSize: 4 },
          workload: { volumes: { state: { containerPath: '/data' } } },
        })
        await world.addPool('other', { maxSize: 2 })
        const processes = [world.claims, world.another()]
        for (const commands of rounds) {
          await Promise.all(commands.map((run) => run(world, processes)))
          await checkOwnership(world)
        }
      },
    ),
    { numRuns: 25 },
  )
}, 60_000)
