import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'

import { silentLogger, systemClock, type PoolId } from '@boilerhouse/base'

import { startFirewallGuard } from '../firewall/firewall-guard.ts'
import { runCommand } from '../host/run-command.ts'
import { createIsolationWorld, type IsolationWorld, type Listener } from './isolation-world.ts'

// Names the line "Isolation objects were built, unit-tested and never applied" of the prior art: everything here is dialled for real.
setDefaultTimeout(60_000)

const never = new AbortController().signal
let world: IsolationWorld
let walled: PoolId
let open: PoolId
let inside: Listener
let sibling: Listener
let neighbour: Listener
let free: Listener
let freeSibling: Listener
let hostServer: { readonly port: number; stop(): void }

beforeAll(async () => {
  world = await createIsolationWorld()
  const other = await Promise.all([world.newPool('none'), world.newPool('none'), world.newPool('unrestricted')])
  walled = other[0]
  open = other[2]
  const listeners = await Promise.all([
    world.listener(walled, 'none'),
    world.listener(walled, 'none'),
    world.listener(other[1], 'none'),
    world.listener(open, 'unrestricted'),
    world.listener(open, 'unrestricted'),
  ])
  ;[inside, sibling, neighbour, free, freeSibling] = listeners
  const server = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('host') })
  hostServer = { port: server.port ?? 0, stop: () => void server.stop(true) }
})
afterAll(async () => {
  hostServer.stop()
  await world[Symbol.asyncDispose]()
})

const answers = async (address: string) =>
  (await fetch(`http://${address}/`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined)) !== undefined

test('the host reaches every container at its own address and at its port on loopback', async () => {
  for (const each of [inside, sibling, neighbour, free]) {
    expect(await answers(`${each.ip}:8080`)).toBe(true)
    expect(await answers(`127.0.0.1:${each.hostPort}`)).toBe(true)
  }
})

test('what stands for the internet answers the host, at its link-local address too', async () => {
  expect(await answers(`${world.internet}:9000`)).toBe(true)
  expect(await answers(`${world.metadata}:9000`)).toBe(true)
})

test('access none reaches nothing: not the host, not the internet, not link-local, not its pool, not another', async () => {
  const gateway = await world.gatewayOf(walled, 'none')
  const openGateway = await world.gatewayOf(open, 'unrestricted')
  const targets: readonly (readonly [string, string, number])[] = [
    ['the host at its gateway', gateway, hostServer.port],
    ["the host at another pool's gateway", openGateway, hostServer.port],
    ['the host at its outer address', world.outerAddress, hostServer.port],
    ['the internet', world.internet, 9000],
    ['link-local', world.metadata, 9000],
    ['its own pool', sibling.ip, 8080],
    ['another pool without access', neighbour.ip, 8080],
    ['another pool with access', free.ip, 8080],
    ['a published port by the gateway', gateway, neighbour.hostPort],
  ]
  const reached = await Promise.all(targets.map(async ([what, ip, port]) => ((await inside.reaches(ip, port)) ? what : [])))
  expect(reached.flat()).toEqual([])
})

test('access unrestricted reaches the internet, and not the host, link-local, its pool or another', async () => {
  expect(await free.reaches(world.internet, 9000)).toBe(true)
  const gateway = await world.gatewayOf(open, 'unrestricted')
  const targets: readonly (readonly [string, string, number])[] = [
    ['the host at its gateway', gateway, hostServer.port],
    ['the host at its outer address', world.outerAddress, hostServer.port],
    ['link-local', world.metadata, 9000],
    ['its own pool', freeSibling.ip, 8080],
    ['a pool without access', inside.ip, 8080],
    ['a published port by the gateway', gateway, inside.hostPort],
  ]
  const reached = await Promise.all(targets.map(async ([what, ip, port]) => ((await free.reaches(ip, port)) ? what : [])))
  expect(reached.flat()).toEqual([])
})

test('a container has no IPv6, by which no rule of a bridge would be asked', async () => {
  for (const each of [inside, free]) {
    const { output } = await each.run('cat /proc/net/if_inet6')
    expect(output.split('\n').filter((line) => line.trim() !== '' && !line.trim().endsWith(' lo'))).toEqual([])
    expect((await each.run('echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6')).exitCode).not.toBe(0)
  }
})

test('the internet does not reach a container', async () => {
  const namespace = `bh-${world.installation}`
  const dial = ['ip', 'netns', 'exec', namespace, 'busybox', 'nc', '-w', '1', free.ip, '8080']
  expect((await runCommand(dial, { signal: never })).exitCode).not.toBe(0)
})

test('a container opened to the host by a rule from outside is closed again by the guard', async () => {
  const gateway = await world.gatewayOf(walled, 'none')
  await using guard = startFirewallGuard({ firewall: world.firewall, clock: systemClock, logger: silentLogger, periodMs: 50 })
  await guard.check()
  for (const change of [
    ['-F', 'BOILERHOUSE-INPUT'],
    ['-D', 'INPUT', '-j', 'BOILERHOUSE-INPUT'],
    ['-D', 'FORWARD', '-j', 'BOILERHOUSE-FORWARD'],
  ]) {
    await runCommand(['iptables', '-w', '10', ...change], { signal: never })
    const until = systemClock.monotonicMs() + 5000
    await systemClock.sleep(100)
    while ((await world.firewall.differences(never)).length > 0 && systemClock.monotonicMs() < until) await systemClock.sleep(20)
    expect(await world.firewall.differences(never)).toEqual([])
    expect(await inside.reaches(gateway, hostServer.port)).toBe(false)
  }
})
