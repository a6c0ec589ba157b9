import { describe, expect, test } from 'bun:test'

import type { TenantId } from '@boilerhouse/base'
import type { ClaimRecord } from '@boilerhouse/resources'

import type { World } from '../world.ts'
import { idOf, writeState } from '../world-actions.ts'
import { filledWorlds, openWorlds } from './open-world.ts'

const openWorld = openWorlds()
const filled = filledWorlds(openWorld)
const claimOf = async (world: World, tenant: string): Promise<ClaimRecord | undefined> =>
  (await world.store.claims.liveOf(tenant as TenantId))[0]
const idle = { idle: { timeoutMs: 60_000, action: 'release' as const } }

describe('claims of a world', () => {
  test('a warm claim makes no engine call', async () => {
    const world = await filled({ minSize: 1, maxSize: 1 })
    const before = world.control.engineCalls()
    const answer = await world.claim('alice')
    expect([answer.state, answer.source, world.control.engineCalls() - before]).toEqual(['active', 'pool', 0])
  })
  test('two claims took one container: many at once get one each, and the pool is full again', async () => {
    const world = await filled({ minSize: 5, maxSize: 40 })
    const answers = await world.until(Promise.all(Array.from({ length: 20 }, (_, i) => world.claim(`t${i}`))))
    expect(new Set(answers.map((answer) => answer.containerId)).size).toBe(20)
    await world.advance(1_000)
    expect(await world.counts()).toEqual({ bound: 20, warm: 5 })
  })
  test('a claim of an empty pool starts a container and is answered when that is warm', async () => {
    const world = await filled({ minSize: 0 })
    world.engine.behaviour.startDelayMs = 200
    const answer = await world.until(world.claim('alice'))
    expect([answer.state, answer.source]).toEqual(['active', 'cold'])
    expect(world.clock.monotonicMs()).toBeLessThan(300)
  })
  test('a released container is destroyed, and its tenant finds the files in the next one', async () => {
    const world = await filled()
    const first = await world.until(world.claim('alice'))
    writeState(world, idOf(first), 'notes.txt', 'mine')
    await world.until(world.release('alice'))
    await world.advance(1_000)
    expect(world.control.container(idOf(first))).toBeUndefined()
    expect((await world.until(world.claim('bob'))).source).toBe('pool')
    const second = await world.until(world.claim('alice'))
    expect([second.containerId === first.containerId, second.source]).toEqual([false, 'pool+data'])
    const [installation] = world.engine.installations.values()
    expect([...(installation?.volumes.get(idOf(second))?.keys() ?? [])]).toEqual(['notes.txt'])
  })
  test('one slow tenant delayed all: a release whose hook hangs holds up nobody else', async () => {
    const hooks = { preRelease: { command: ['slow'], timeoutMs: 60_000, onError: 'continue' as const } }
    const world = await filled({ minSize: 4 }, { hooks, ...idle })
    world.engine.behaviour.onExec = async ({ containerId }) => {
      if (containerId === slow) await world.clock.sleep(90_000)
      return { exitCode: 0, stdout: new Uint8Array(), stderr: new Uint8Array(), truncated: false }
    }
    const slow = idOf(await world.until(world.claim('slow')))
    for (const tenant of ['a', 'b', 'c']) await world.until(world.claim(tenant))
    await world.advance(62_000)
    expect((await claimOf(world, 'slow'))?.state).toBe('releasing')
    for (const tenant of ['a', 'b', 'c']) expect(await claimOf(world, tenant)).toBeUndefined()
    expect((await world.until(world.claim('d'))).state).toBe('active')
    await world.advance(120_000)
    expect(await claimOf(world, 'slow')).toBeUndefined()
  })
})

describe('idle claims', () => {
  test('an idle claim is released, and one that is used is not', async () => {
    const world = await filled({}, idle)
    await world.until(world.claim('lazy'))
    await world.until(world.claim('busy'))
    for (let i = 0; i < 8; i++) {
      await world.advance(10_000)
      const busy = await claimOf(world, 'busy')
      if (busy) world.claims.noteActivity(busy.id)
    }
    expect([await claimOf(world, 'lazy'), (await claimOf(world, 'busy'))?.state]).toEqual([undefined, 'active'])
    expect(await world.events(['claim.idle'])).toHaveLength(1)
  })
  test('a tenant who only uses a published port is never idle', async () => {
    const world = await filled({}, idle)
    const id = idOf(await world.until(world.claim('alice')))
    for (let i = 1; i < 30; i++) {
      world.control.setStats(id, { networkRxBytes: i * 2_000, networkPackets: i * 10 })
      await world.advance(10_000)
    }
    expect((await claimOf(world, 'alice'))?.state).toBe('active')
  })
  test('our own probes and ARP do not count as use', async () => {
    const world = await filled(
      {},
      {
        ...idle,
        healthCheck: { http: { port: 8080, path: '/' }, intervalMs: 1_000, timeoutMs: 500, retries: 3, startPeriodMs: 0 },
      },
    )
    const id = idOf(await world.until(world.claim('alice')))
    let [bytes, packets] = [0, 0]
    const traffic = (more: number, count: number) => {
      bytes += more
      packets += count
      world.control.setStats(id, { networkRxBytes: bytes, networkPackets: packets })
    }
    world.engine.behaviour.onProbe = ({ containerId }) => {
      if (containerId === id) traffic(900, 8)
      return 'pass'
    }
    for (let i = 0; i < 70; i++) {
      await world.advance(1_000)
      traffic(84, 2)
    }
    expect(await claimOf(world, 'alice')).toBeUndefined()
  })
  test('timers lost on restart: what idles out while no server runs ends right after the next start', async () => {
    const world = await filled({}, idle)
    await world.until(world.claim('alice'))
    await world.advance(50_000)
    world.crash()
    await world.advance(30_000)
    expect((await claimOf(world, 'alice'))?.state).toBe('active')
    await world.restart()
    await world.advance(1_000)
    expect(await claimOf(world, 'alice')).toBeUndefined()
  })
})

describe('loss', () => {
  test('a claim whose container died recovers at once in another one', async () => {
    const world = await filled({ minSize: 2 })
    await world.advance(10_000)
    const first = idOf(await world.until(world.claim('alice')))
    writeState(world, first, 'notes.txt', 'mine')
    world.control.kill(first)
    await world.advance(500)
    const claim = await claimOf(world, 'alice')
    expect(claim?.state).toBe('active')
    expect(claim?.containerId).not.toBe(first)
    expect((await world.store.containers.get(first))?.state).toBe('gone')
    expect(world.control.delivered(claim?.containerId ?? first)?.tenantId).toBe('alice' as TenantId)
    const [installation] = world.engine.installations.values()
    expect([...(installation?.volumes.get(claim?.containerId ?? first)?.keys() ?? [])]).toEqual(['notes.txt'])
  })
  test('containers that keep dying under one tenant stop the recovery, never in a hot loop', async () => {
    const world = await filled({ minSize: 2, maxSize: 20 })
    await world.until(world.claim('alice'))
    for (let i = 0; i < 20; i++) {
      const claim = await claimOf(world, 'alice')
      if (claim?.containerId) world.control.kill(claim.containerId)
      await world.advance(1_000)
    }
    expect(await world.events(['claim.circuit_open'])).toHaveLength(1)
    expect((await world.events(['container.lost'])).length).toBeLessThanOrEqual(4)
    await world.until(world.release('alice'))
    await world.advance(5_000)
    expect((await world.counts()).bound).toBeUndefined()
  })
  test('after a reboot of the host every container is replaced and every claim recovered', async () => {
    const world = await filled({ minSize: 3 })
    for (const tenant of ['a', 'b']) await world.until(world.claim(tenant))
    await world.advance(20_000)
    const before = new Set((await world.containers()).map((c) => c.id))
    world.control.reboot()
    await world.advance(20_000)
    for (const tenant of ['a', 'b']) expect((await claimOf(world, tenant))?.state).toBe('active')
    const now = await world.containers()
    expect(now.some((c) => before.has(c.id))).toBe(false)
    expect(await world.counts()).toEqual({ warm: 3, bound: 2 })
  })
  for (const slow of ['what its claims asked for', 'its refill'] as const)
    test(`tenants who recover beside a refill leave a pool of exactly minSize, whichever is later: ${slow}`, async () => {
      const world = await filled({ minSize: 3, maxSize: 12 })
      for (const tenant of ['a', 'b', 'c', 'd']) await world.until(world.claim(tenant))
      await world.advance(20_000)
      world.engine.behaviour.onProbe = ({ containerId }) => {
        const row = world.data.containers.get(containerId)
        const isSlow = row?.onDemand === (slow === 'what its claims asked for')
        return isSlow && world.clock.nowMs() - row.createdAt < 500 ? 'fail' : 'pass'
      }
      world.control.reboot()
      await world.advance(5_000)
      expect(await world.counts()).toEqual({ warm: 3, bound: 4 })
    })
  test("a container whose waiting claim died with its server is the pool's", async () => {
    const world = await filled({ minSize: 1, maxSize: 12 })
    world.engine.behaviour.startDelayMs = 5_000
    for (const tenant of ['a', 'b', 'c']) void world.claim(tenant).catch(() => {})
    await world.advance(100)
    expect((await world.containers('demo', ['starting'])).some(({ onDemand }) => onDemand)).toBe(true)
    world.crash()
    await world.updatePool({ minSize: 3 })
    await world.restart()
    await world.advance(20_000)
    expect(await world.counts()).toEqual({ warm: 3, bound: 1 })
  })
  test('claims stuck with no exit: a claim whose request died is finished by the controller', async () => {
    const world = await filled()
    world.control.failNext('deliver', undefined, 1)
    await world.until(world.claim('alice').catch(() => undefined))
    await world.advance(10_000)
    expect((await claimOf(world, 'alice'))?.state).toBe('active')
  })
})
