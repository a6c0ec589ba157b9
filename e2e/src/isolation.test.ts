import { afterAll, beforeAll, expect, test } from 'bun:test'
import { networkInterfaces } from 'node:os'

import { engine } from './engine.ts'
import { createInstallation, type Installation } from './installation.ts'
import { runProgram } from './run-program.ts'
import { claim, register, run, shellWorkload, type Claimed } from './workloads.ts'

let house: Installation
let inside: readonly Claimed[]

/** Answers on 8080, so that a wall that is missing shows as an answer. */
const listening = (over: Readonly<Record<string, unknown>>) =>
  shellWorkload({
    entrypoint: [
      '/bin/sh',
      '-c',
      'trap "exit 0" TERM; mkdir -p /tmp/www; echo reached >/tmp/www/index.html; httpd -p 8080 -h /tmp/www; while :; do sleep 3600 & wait $!; done',
    ],
    ports: [{ name: 'http', containerPort: 8080 }],
    // Every address is tried at once.
    resources: { cpus: 1, memoryMb: 128, pids: 512, diskMb: 64 },
    healthCheck: { http: { port: 8080, path: '/' }, intervalMs: 5000 },
    ...over,
  })

beforeAll(async () => {
  house = await createInstallation()
  await house.start()
  const pool = (id: string, workloadId: string) => ({ id, workloadId, minSize: 1, maxSize: 4 })
  await register(house, listening({ id: 'closed' }), pool('closed', 'closed'), pool('other', 'closed'))
  await register(
    house,
    listening({ id: 'open', network: { access: 'unrestricted' } }),
    pool('open', 'open'),
    pool('open-too', 'open'),
  )
  inside = await Promise.all([
    claim(house, 'alice', 'closed'),
    claim(house, 'bob', 'closed'),
    claim(house, 'carol', 'other'),
    claim(house, 'dave', 'open'),
    claim(house, 'erin', 'open'),
    claim(house, 'frank', 'open-too'),
  ])
}, 120_000)

afterAll(() => house.dispose(), 120_000)

interface Place {
  readonly ip: string
  readonly gateway: string
}

async function placeOf({ containerId }: Claimed): Promise<Place> {
  const { NetworkSettings } = await engine('GET', `/containers/bh-${await house.id()}-${containerId}/json`)
  const [network] = Object.values(NetworkSettings.Networks) as [{ IPAddress: string; Gateway: string }]
  return { ip: network.IPAddress, gateway: network.Gateway }
}

/** Its own server, tried beside what must not be reached: it shows that the attempts of this moment would have told. */
const itself = '127.0.0.1 8080'

/** Tries each "host port" at once; resolves to those that took a connection. */
async function reached(from: Claimed, targets: readonly string[]): Promise<readonly string[]> {
  const script = targets.map((target) => `(nc -w 2 ${target} </dev/null >/dev/null 2>&1 && echo "${target}") &`).join(' ')
  return (await run(house, from.containerId, `${script} wait`)).split('\n').filter((line) => line !== '')
}

const byTenant = async <T>(each: readonly (T | Promise<T>)[]): Promise<Readonly<Record<string, T>>> =>
  Object.fromEntries((await Promise.all(each)).map((one, i) => [inside[i]?.tenantId ?? '', one]))

const hostAddresses = () =>
  Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)

test('each container answers on its endpoint, so that what is not reached below is cut off and not merely down', async () => {
  for (const { endpoints } of inside) expect(await (await fetch(`${endpoints.http?.url}`)).text()).toBe('reached\n')
  for (const one of inside) expect(await reached(one, [itself])).toEqual([itself])
})

test('a tenant reaches no other tenant, of its own pool or of another, with access none and unrestricted alike', async () => {
  const places = await Promise.all(inside.map(placeOf))
  // All tenants at once: what is cut off answers nobody, and each attempt waits its two seconds.
  const found = inside.map((from, i) => {
    const others = places.filter((_, j) => j !== i).map(({ ip }) => `${ip} 8080`)
    return reached(from, [itself, ...others])
  })
  expect(await byTenant(found)).toEqual(await byTenant(inside.map(() => [itself])))
}, 60_000)

test('a tenant reaches nothing of the host: not the API, not the proxy, not a published port, not the engine, by any address; nor the metadata address', async () => {
  const ports = [
    new URL(house.url).port,
    new URL(house.proxyUrl).port,
    `${inside[0]?.endpoints.http?.port}`,
    '22',
    '2375',
    '5432',
  ]
  const bait = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('reached') })
  try {
    const found = inside.map(async (from) => {
      const { gateway } = await placeOf(from)
      const hosts = [gateway, ...hostAddresses()]
      const targets = hosts.flatMap((host) => [...ports, `${bait.port}`].map((port) => `${host} ${port}`))
      const taken = await reached(from, [itself, ...targets, '169.254.169.254 80'])
      const ping = await run(house, from.containerId, `ping -c 1 -W 1 ${gateway} >/dev/null 2>&1 && echo reached; true`)
      return [...taken, ping]
    })
    expect(await byTenant(found)).toEqual(await byTenant(inside.map(() => [itself, ''])))
  } finally {
    await bait.stop(true)
  }
}, 90_000)

test('there is no socket of the engine or of Postgres in a container, no capability, no way to become root, and no writable root', async () => {
  for (const { containerId } of inside) {
    expect(
      await run(
        house,
        containerId,
        'find / -xdev -type s 2>/dev/null; ls /var/run/docker.sock /run/docker.sock 2>/dev/null; true',
      ),
    ).toBe('')
    expect(await run(house, containerId, 'grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status | tr -d "\\t "')).toBe(
      'CapEff:0000000000000000\nCapBnd:0000000000000000\nNoNewPrivs:1\nSeccomp:2\n',
    )
    expect(await run(house, containerId, 'id -u; touch /x 2>&1 | grep -o "Read-only file system"')).toBe(
      '1000\nRead-only file system\n',
    )
  }
}, 60_000)

test('what listens on this machine for it listens on loopback alone', async () => {
  const { stdout } = await runProgram(['ss', '-H', '-ltnp'], { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })
  const ports = new Set([
    new URL(house.url).port,
    new URL(house.proxyUrl).port,
    ...inside.map(({ endpoints }) => `${endpoints.http?.port}`),
  ])
  const local = stdout.split('\n').flatMap((line) => line.trim().split(/\s+/)[3] ?? [])
  const ours = local.filter((address) => ports.has(address.slice(address.lastIndexOf(':') + 1)))
  expect(ours.length).toBe(ports.size)
  expect(ours.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([])
})
