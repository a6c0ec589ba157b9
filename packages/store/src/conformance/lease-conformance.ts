import { newContainerId, newKeyId } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'

import type { Fence, Store } from '../store.ts'
import {
  bindInput,
  event,
  writtenSince,
  faultOf,
  givenClaim,
  givenContainer,
  givenPool,
  givenWorkload,
  poolId,
  poolSpec,
  tally,
  workloadId,
  workloadSpec,
  mark,
} from './seed.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const ttlMs = 10_000

export function leaseConformance(at: StoreUnderTest): void {
  const lead = async (store: Store, holder: string, controller = 'pools'): Promise<Fence> => {
    const lease = await store.leases.acquire(controller, holder, ttlMs)
    if (lease.outcome !== 'leading') throw new Error(`${holder} follows ${lease.holder}`)
    return lease.fence
  }

  describe('leases', () => {
    test('a free lease is taken, and kept by its holder with the same fence', async () => {
      const first = await lead(at.store, 'a')
      expect(first.controller).toBe('pools')
      at.clock.advance(5 * ttlMs)
      expect(await lead(at.store, 'a')).toEqual(first)
    })

    test('20 holders of two processes at once: one leads', async () => {
      const peer = await at.connect()
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? peer : at.store).leases.acquire('pools', `h${i}`, ttlMs)),
      )
      expect(tally(outcomes)).toEqual({ leading: 1, following: 19 })
    })

    test('another controller is another lease', async () => {
      await lead(at.store, 'a')
      await lead(at.store, 'b', 'containers')
    })

    test('a follower takes over only once the counter stood still for the ttl since it saw it, and raises the fence', async () => {
      const peer = await at.connect()
      const first = await lead(at.store, 'a')
      at.clock.advance(10 * ttlMs)
      expect(await peer.leases.acquire('pools', 'b', ttlMs)).toEqual({ outcome: 'following', holder: 'a' })
      at.clock.advance(ttlMs - 1000)
      expect((await peer.leases.acquire('pools', 'b', ttlMs)).outcome).toBe('following')
      at.clock.advance(1001)
      const second = await lead(peer, 'b')
      expect(second.fence).toBeGreaterThan(first.fence)
      expect(await at.store.leases.acquire('pools', 'a', ttlMs)).toEqual({ outcome: 'following', holder: 'b' })
    })

    test('a leader that renews is never overtaken, however late the follower looks', async () => {
      const peer = await at.connect()
      await lead(at.store, 'a')
      for (let i = 0; i < 5; i++) {
        expect((await peer.leases.acquire('pools', 'b', ttlMs)).outcome).toBe('following')
        at.clock.advance(ttlMs + 1)
        await lead(at.store, 'a')
      }
      expect((await peer.leases.acquire('pools', 'b', ttlMs)).outcome).toBe('following')
    })

    test('a wall clock that jumps, ahead or back, takes no lease from its leader and keeps none from its heir', async () => {
      const peer = await at.connect()
      await lead(at.store, 'a')
      expect((await peer.leases.acquire('pools', 'b', ttlMs)).outcome).toBe('following')
      at.clock.jumpWall(100 * ttlMs)
      expect((await peer.leases.acquire('pools', 'b', ttlMs)).outcome).toBe('following')
      at.clock.jumpWall(-300 * ttlMs)
      at.clock.advance(ttlMs + 1)
      await lead(peer, 'b')
    })

    test('of 10 followers who find a dead leader at once one takes over', async () => {
      const peer = await at.connect()
      await lead(at.store, 'dead')
      for (const store of [at.store, peer]) await store.leases.acquire('pools', 'watcher', ttlMs)
      at.clock.advance(ttlMs + 1)
      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_, i) => (i % 2 ? peer : at.store).leases.acquire('pools', `h${i}`, ttlMs)),
      )
      expect(tally(outcomes)).toEqual({ leading: 1, following: 9 })
    })

    test('a released lease is free at once, and its next holder has a higher fence', async () => {
      const peer = await at.connect()
      const first = await lead(at.store, 'a')
      await at.store.leases.release(first)
      const second = await lead(peer, 'b')
      expect(second.fence).toBeGreaterThan(first.fence)
      await at.store.leases.release(first)
      expect((await at.store.leases.acquire('pools', 'a', ttlMs)).outcome).toBe('following')
    })
  })

  describe('fences', () => {
    /** A leader that was overtaken: its fence, and the fence of who leads now. */
    const overtaken = async () => {
      const old = await lead(at.store, 'a')
      await at.store.leases.release(old)
      return { old, now: await lead(at.store, 'b') }
    }

    test('a write with the fence of the leader goes through; with that of an overtaken one it is refused and changes nothing', async () => {
      await givenPool(at.store)
      const container = await givenContainer(at.store, 'demo', 'warm')
      const { old, now } = await overtaken()
      const head = await mark(at.store)
      const drain = (fence: Fence) =>
        at.store.containers.transition(
          container.id,
          ['warm'],
          'draining',
          {},
          { fence, event: event('container.draining', `container/${container.id}`) },
        )
      expect(await faultOf(drain(old))).toBe('store.fenced')
      expect((await at.store.containers.get(container.id))?.state).toBe('warm')
      expect(await writtenSince(at.store, head)).toEqual([])
      expect((await drain(now)).outcome).toBe('ok')
    })

    test('every fenced write is refused for an overtaken leader', async () => {
      await givenPool(at.store)
      const workload = await givenWorkload(at.store, 'w2')
      const warm = await givenContainer(at.store, 'demo', 'warm')
      const { claim } = await givenClaim(at.store, 'demo', 'alice')
      const { old: fence } = await overtaken()
      const { workloads, pools, containers, claims } = at.store
      const id = newContainerId(1)
      const writes = {
        bind: () => claims.bind(bindInput('demo', 'bob', warm.id), { fence }),
        createWorkload: () => workloads.create({ id: workloadId('w3'), spec: workloadSpec() }, { fence }),
        createPool: () => pools.create({ id: poolId('p3'), spec: poolSpec() }, { fence }),
        createKey: () => at.store.keys.create({ id: newKeyId(1), name: 'k', hash: 'h', role: 'viewer' }, { fence }),
        setWorkload: () => workloads.setStatus(workload.id, 1, { state: 'ready' }, { fence }),
        updateWorkload: () => workloads.update(workload.id, workloadSpec(), { fence }),
        deleteWorkload: () => workloads.delete(workload.id, { fence }),
        setPool: () => pools.setStatus(poolId('demo'), { phase: 'ready', conditions: [] }, { fence }),
        updatePool: () => pools.update(poolId('demo'), poolSpec(), { fence }),
        removePool: () => pools.remove(poolId('demo'), { fence }),
        create: () => containers.create({ id, poolId: poolId('demo'), workloadGeneration: 1, onDemand: false }, { fence }),
        transition: () => containers.transition(warm.id, ['warm'], 'unhealthy', {}, { fence }),
        patch: () => containers.patch(warm.id, ['warm'], { reason: 'x' }, { fence }),
        claim: () => claims.transition(claim.id, ['pending'], 'active', {}, { fence }),
        patchClaim: () => claims.patch(claim.id, ['pending'], { reason: 'x' }, { fence }),
        rebind: () => claims.rebind(claim.id, warm.id, { fence }),
      }
      for (const [name, write] of Object.entries(writes)) expect([name, await faultOf(write())]).toEqual([name, 'store.fenced'])
      expect(await workloads.get(workload.id)).toEqual(workload)
      expect(await containers.get(warm.id)).toEqual(warm)
      expect(await containers.get(id)).toBeUndefined()
      expect(await claims.get(claim.id)).toEqual(claim)
      expect(await at.store.keys.byHash('h')).toBeUndefined()
      expect(await pools.get(poolId('p3'))).toBeUndefined()
    })

    test('a fence of a lease that nobody ever took is refused', async () => {
      await givenPool(at.store)
      const fence = { controller: 'unknown', fence: 1 }
      const write = at.store.pools.setStatus(poolId('demo'), { phase: 'ready', conditions: [] }, { fence })
      expect(await faultOf(write)).toBe('store.fenced')
    })
  })
}
