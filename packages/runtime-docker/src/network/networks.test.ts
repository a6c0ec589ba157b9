import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

import { newId, systemClock, type PoolId } from '@boilerhouse/base'

import { conformanceWorkload } from '@boilerhouse/runtime/conformance'

import { formatCidr, overlaps, parseCidr } from './cidr.ts'
import { readHostRoutes } from './host-routes.ts'
import { createIsolationWorld, type IsolationWorld } from './isolation-world.ts'
import { networkNameOf, type PoolAccess } from './network-name.ts'

setDefaultTimeout(120_000)

const never = new AbortController().signal
let world: IsolationWorld
beforeAll(async () => void (world = await createIsolationWorld({ networkCidr: '10.214.0.0/16' })))
afterAll(() => world[Symbol.asyncDispose]())

const newPoolId = (): PoolId => newId<'pool'>('pool', systemClock.nowMs())
const inspect = (poolId: PoolId, access: PoolAccess) =>
  world.engine.docker.getNetwork(networkNameOf(world.installation, poolId, access)).inspect()

test('a hundred pools have a network each at once, where the engine by itself ends after thirty', async () => {
  const pools: { readonly poolId: PoolId; readonly subnet: string }[] = []
  for (let index = 0; index < 100; index++) {
    const taken = pools.map((each) => each.subnet)
    pools.push({ poolId: newPoolId(), subnet: await world.networks.chooseSubnet(1 + (index % 20), taken, never) })
  }
  const ensure = ({ poolId, subnet }: (typeof pools)[number]) =>
    world.networks.ensureNetwork({ poolId, access: 'none', maxSize: 20, subnet }, never)
  await Promise.all(pools.map(ensure))
  expect(new Set(await world.networks.poolIds(never))).toEqual(new Set(pools.map((each) => each.poolId)))
  expect(await world.firewall.differences(never)).toEqual([])
  await Promise.all(pools.map((each) => world.networks.destroyNetwork(each.poolId, never)))
  expect(await world.networks.poolIds(never)).toEqual([])
})

test("a subnet is never one that the host's routes or the engine's networks overlap", async () => {
  const routes = await readHostRoutes(never)
  const subnet = parseCidr(await world.networks.chooseSubnet(10, [], never))
  expect(subnet && routes.some((route) => overlaps(route, subnet))).toBe(false)
})

test('a range that is used up is pool.network_exhausted', async () => {
  const taken = [formatCidr(parseCidr('10.214.0.0/16') ?? { base: 0, size: 1 })]
  await expect(world.networks.chooseSubnet(1, taken, never)).rejects.toMatchObject({ code: 'pool.network_exhausted' })
})

test('the bridge lets no container talk to another, publishes on loopback only, and has no IPv6', async () => {
  const poolId = await world.newPool('none')
  const network = await inspect(poolId, 'none')
  const bridge = world.bridgeOf(poolId, 'none')
  expect(network.Options).toMatchObject({
    'com.docker.network.bridge.name': bridge,
    'com.docker.network.bridge.enable_icc': 'false',
    'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1',
    'com.docker.network.bridge.enable_ip_masquerade': 'false',
  })
  expect(bridge).toMatch(/^bhn[0-9a-f]{11}$/)
  expect((await readFile(`/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`, 'utf8')).trim()).toBe('1')
  await world.networks.destroyNetwork(poolId, never)
  expect(existsSync(`/sys/class/net/${bridge}`)).toBe(false)
})

test('a pool whose access changes gets a second network while containers use the first, and loses it after', async () => {
  const poolId = await world.newPool('none')
  const container = await world.listener(poolId, 'none')
  const { Subnet: subnet = '' } = (await inspect(poolId, 'none')).IPAM?.Config?.[0] ?? {}
  const spec = { poolId, access: 'unrestricted', maxSize: 4, subnet } as const
  await world.networks.ensureNetwork(spec, never)
  expect((await inspect(poolId, 'unrestricted')).Options?.['com.docker.network.bridge.name']).toStartWith('bhu')
  expect((await inspect(poolId, 'none')).Name).toBeString()
  await world.engine.docker.getContainer(container.id).remove({ force: true })
  await world.networks.ensureNetwork(spec, never)
  await expect(inspect(poolId, 'none')).rejects.toThrow()
  await world.networks.destroyNetwork(poolId, never)
  expect(await world.networks.poolIds(never)).not.toContain(poolId)
})

test('a pool that outgrew its network gets a larger one beside it, and the former goes once it is empty', async () => {
  const poolId = await world.newPool('none')
  const container = await world.listener(poolId, 'none')
  const subnet = await world.networks.chooseSubnet(120, [], never)
  const spec = { poolId, access: 'none', maxSize: 120, subnet } as const
  await world.networks.ensureNetwork(spec, never)
  const name = world.networks.networkOf({ poolId, workload: conformanceWorkload('sleep', 'i'), networkSize: 120 })
  const larger = await world.engine.docker.getNetwork(name).inspect()
  expect(larger.IPAM?.Config?.[0]?.Subnet).toBe(subnet)
  expect((await inspect(poolId, 'none')).Name).not.toBe(name)
  await world.engine.docker.getContainer(container.id).remove({ force: true })
  await world.networks.ensureNetwork(spec, never)
  await expect(inspect(poolId, 'none')).rejects.toThrow()
  await world.networks.destroyNetwork(poolId, never)
  expect(await world.networks.poolIds(never)).not.toContain(poolId)
})

test('destroyNetwork takes lingering containers off and removes it', async () => {
  const poolId = await world.newPool('none')
  const container = await world.listener(poolId, 'none')
  await world.networks.destroyNetwork(poolId, never)
  expect(await world.networks.poolIds(never)).not.toContain(poolId)
  await world.engine.docker.getContainer(container.id).remove({ force: true })
})

test("a network of the host's own is taken only where it is allowed, and must be there", async () => {
  const poolId = newPoolId()
  const ensure = (access: 'host' | { readonly named: string }) =>
    world.networks.ensureNetwork({ poolId, access, maxSize: 1, subnet: '10.214.0.0/29' }, never)
  await expect(ensure('host')).rejects.toMatchObject({ code: 'workload.network_not_allowed' })
  await expect(ensure({ named: 'none-such' })).rejects.toMatchObject({ code: 'workload.network_not_allowed' })
  await ensure({ named: 'bridge' })
  const workload = (networkMode: string) => {
    const spec = conformanceWorkload('sleep', 'i')
    return { ...spec, security: { ...spec.security, networkMode } }
  }
  expect(world.networks.networkOf({ poolId, workload: workload('bridge') })).toBe(
    networkNameOf(world.installation, poolId, 'unrestricted'),
  )
  expect(() => world.networks.networkOf({ poolId, workload: workload('host') })).toThrow('not allowed')
})
