import { isFault, type ContainerId, type TenantId } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import type { Claims } from './claims.ts'
import { isDead, mortal, type Life } from './mortal.fixture.ts'
import { read, stateful, write } from './state-files.fixture.ts'
import { claimRequest, claimWritten, context, createWorld, type World } from './world.fixture.ts'

const alice = 'alice' as TenantId
const files = ['a', 'b', 'c']

interface Scenario {
  readonly name: string
  readonly workload?: object
  /** Before the process that dies begins. */
  prepare(world: World): Promise<unknown>
  act(claims: Claims, world: World): Promise<unknown>
}

const withFiles = async (world: World) => {
  await world.claim(alice, { config: { n: 1 } })
  for (const name of files) await write(world, alice, name, `text of ${name}`)
}
const hooks = { postClaim: { command: ['post'] }, preRelease: { command: ['pre'] } }

const scenarios: readonly Scenario[] = [
  {
    name: 'a claim of a returning tenant',
    prepare: async (world) => {
      await withFiles(world)
      await world.release(alice)
    },
    act: (claims) => claimWritten(claims, alice),
  },
  {
    name: 'a claim of a returning tenant, parked',
    workload: { warmth: 'parked', healthCheck: { tcp: { port: 80 } } },
    prepare: async (world) => {
      await withFiles(world)
      await world.release(alice)
    },
    act: (claims) => claimWritten(claims, alice),
  },
  { name: 'an update', prepare: withFiles, act: (claims) => claimWritten(claims, alice, claimRequest({ config: { n: 2 } })) },
  { name: 'a release', prepare: withFiles, act: (claims) => claims.release(alice, {}, context()) },
  {
    name: 'a recovery',
    prepare: async (world) => {
      await withFiles(world)
      await world.lose((await world.live(alice))!.containerId!)
    },
    act: async (claims, world) => claims.resume((await world.live(alice))!.id, context()),
  },
  {
    name: 'the removal of a bound container',
    prepare: withFiles,
    act: async (claims, world) => claims.removeContainer((await world.live(alice))!.containerId!, { force: false }, context()),
  },
  {
    name: 'a claim whose restore fails',
    prepare: async (world) => {
      await withFiles(world)
      await world.release(alice)
      let isBroken = true
      world.runtime.control.behaviour.onMove = ({ kind, entry }) => {
        if (kind !== 'restore' || entry !== 'b' || !isBroken) return
        isBroken = false
        throw new Error('disk on fire')
      }
    },
    act: (claims) => claimWritten(claims, alice).catch(() => {}),
  },
]

async function checkRepaired(world: World): Promise<void> {
  // What the controllers do: again and again, a container that its process left dead is lost.
  for (let pass = 0; pass < 4; pass++) {
    for (const { containerId, state } of await world.store.claims.all()) {
      const phase = containerId && world.runtime.control.container(containerId)?.phase
      if (containerId && phase !== 'running' && (state === 'active' || state === 'pending' || state === 'restoring'))
        await world.lose(containerId)
    }
    await world.resumeAll().catch((error: unknown) => expect(isFault(error, 'state.restore_failed')).toBe(true))
  }
  const claim = () => world.claim(alice, { config: { n: 3 } })
  // The broken disk may break this one: it fails, and nothing is lost.
  const { answer } = await claim().catch((error: unknown) =>
    isFault(error, 'state.restore_failed') ? claim() : Promise.reject(error),
  )
  expect(answer.state).toBe('active')
  for (const name of files) expect(await read(world, alice, name)).toBe(`text of ${name}`)
  expect(world.runtime.control.delivered(answer.containerId as ContainerId)?.config).toEqual({ n: 3 })
  await world.until(async () => {
    const bound = (await world.store.containers.all()).filter(
      ({ state }) => state === 'bound' || state === 'lost' || state === 'draining',
    )
    return bound.length === 1
  })
  expect((await world.store.claims.all()).map(({ state }) => state)).toEqual(['active'])
  expect(world.runtime.control.kept({ tenantId: alice, workloadId: world.workloadId })).toEqual([])
}

for (const { name, workload, prepare, act } of scenarios) {
  for (const when of ['before', 'after'] as const) {
    test(`${name}: a kill ${when} any of its calls loses nothing, and the next pass repairs it`, async () => {
      let kills = 0
      for (let dieAt = 1; ; dieAt++) {
        using world = await createWorld({ warm: 4, workload: { ...stateful, hooks, ...workload } })
        await prepare(world)
        const life: Life = { dieAt, when, calls: 0 }
        const claims = world.another({ store: mortal(world.store, life), runtime: mortal(world.runtime, life) })
        await act(claims, world).catch(() => {})
        const isOver = !isDead(life)
        await checkRepaired(world)
        if (isOver) break
        kills++
      }
      expect(kills).toBeGreaterThan(3)
    }, 30_000)
  }
}
