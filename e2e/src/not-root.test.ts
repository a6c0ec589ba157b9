import { afterAll, beforeAll, expect, test } from 'bun:test'
import { lstat, readdir, rm, stat } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'

import { readableCheckout } from './checkout.ts'
import { engine, engineContainers } from './engine.ts'
import { createInstallation, type Installation } from './installation.ts'
import { claim, poolFull, register, release, run, shellWorkload, type Claimed } from './workloads.ts'
import { within } from './within.ts'

// A user without an account who is a member of the engine's group, on the same machine as servers of root.
const uid = 23_456
let checkout: string
let house: Installation

beforeAll(async () => {
  const { gid } = await stat('/var/run/docker.sock')
  checkout = await readableCheckout()
  house = await createInstallation({ checkout, user: { uid, gid }, command: ['up'] })
  await house.start()
}, 120_000)

afterAll(async () => {
  await house.dispose()
  await rm(checkout, { recursive: true })
}, 120_000)

const helper = async () => engine('GET', `/containers/bh-${await house.id()}-netadmin/json`)
const status = async (path: string) => (await Bun.file(path).text()).match(/^Uid:\s+(\d+)/m)?.[1]

test('everything runs as that user: the server, its Postgres, and nothing in its data directory is of another one', async () => {
  expect(await status(`/proc/${house.pid()}/status`)).toBe(`${uid}`)
  const postmaster = (await Bun.file(join(house.dataDir, 'postgres/data/postmaster.pid')).text()).split('\n')[0]
  expect(await status(`/proc/${postmaster}/status`)).toBe(`${uid}`)
  for (const name of await readdir(house.dataDir)) expect((await lstat(join(house.dataDir, name))).uid).toBe(uid)
})

test('the demo pool, whose containers run as another user, fills, and a claim of it answers as the tenant', async () => {
  expect(house.log()).toContain('pool demo: 3 of 3 warm')
  const { stdout, exitCode } = await house.cli('tenant', 'claim', 'alice', '--pool', 'demo', '--config', '{"greeting":"hi"}')
  expect(exitCode).toBe(0)
  const http = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)?.[0] ?? ''
  expect(await (await fetch(http)).json()).toMatchObject({ tenant: 'alice', pool: 'demo', config: { greeting: 'hi' } })
  const { body } = await house.api('GET', '/api/v1/containers?tenant=alice')
  const answer = await house.api('GET', `/api/v1/containers/${body.items[0].id}`)
  expect(answer.status).toBe(200)
  expect((await house.cli('tenant', 'release', 'alice', '--pool', 'demo')).exitCode).toBe(0)
}, 30_000)

test('the helper has no power but that over the network, and neither inventory nor doctor takes it for a container', async () => {
  const { Config, HostConfig, Mounts } = await helper()
  expect(HostConfig).toMatchObject({
    CapDrop: ['ALL'],
    CapAdd: ['NET_ADMIN', 'NET_RAW'],
    ReadonlyRootfs: true,
    SecurityOpt: ['no-new-privileges:true'],
    Privileged: false,
    NetworkMode: 'host',
  })
  expect(HostConfig.ReadonlyPaths).toContain('/proc/sys/kernel')
  expect(Mounts).toEqual([])
  expect(Config.Labels['io.boilerhouse.container']).toBeUndefined()
  const doctor = await house.cli('doctor')
  expect([doctor.exitCode, doctor.stdout]).toEqual([0, expect.not.stringContaining('netadmin')])
})

async function reached(from: Claimed, targets: readonly string[]): Promise<readonly string[]> {
  const script = targets.map((target) => `(nc -w 2 ${target} </dev/null >/dev/null 2>&1 && echo "${target}") &`).join(' ')
  return (await run(house, from.containerId, `${script} wait`)).split('\n').filter((line) => line !== '')
}

async function placeOf({ containerId }: Claimed): Promise<{ ip: string; gateway: string }> {
  const { NetworkSettings } = await engine('GET', `/containers/bh-${await house.id()}-${containerId}/json`)
  const [network] = Object.values(NetworkSettings.Networks) as [{ IPAddress: string; Gateway: string }]
  return { ip: network.IPAddress, gateway: network.Gateway }
}

test.each(['none', 'unrestricted'])(
  'from inside a container with access %s nothing of the host and no other container is reached',
  async (access) => {
    const listening = shellWorkload({
      id: `walls-${access}`,
      network: { access },
      entrypoint: ['/bin/sh', '-c', 'httpd -p 7000 -h /tmp; trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'],
      ports: [{ name: 'open', containerPort: 7000 }],
      healthCheck: { tcp: { port: 7000 }, intervalMs: 5000 },
      resources: { cpus: 1, memoryMb: 128, pids: 512, diskMb: 64 },
    })
    const poolId = `walls-${access}`
    await register(house, listening, { id: poolId, workloadId: listening.id, minSize: 2, maxSize: 4 })
    const [first, second] = await Promise.all([claim(house, 'gina', poolId), claim(house, 'hugo', poolId)])
    using server = Bun.serve({ port: 0, hostname: '0.0.0.0', fetch: () => new Response('the host') })
    const here = await placeOf(first)
    const hosts = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).filter((each) => each.family === 'IPv4'))
    const addresses = [here.gateway, ...hosts.filter(({ internal }) => !internal).map(({ address }) => address)]
    const targets = [
      ...addresses.flatMap((address) => [`${address} ${server.port}`, `${address} ${new URL(house.url).port}`]),
      `${(await placeOf(second)).ip} 7000`,
      '169.254.169.254 80',
    ]
    // The tool works: its own address answers.
    expect(await reached(first, [`${here.ip} 7000`, ...targets])).toEqual([`${here.ip} 7000`])
    await Promise.all([release(house, 'gina', poolId), release(house, 'hugo', poolId)])
  },
  60_000,
)

test('walls that were torn down from outside stand again', async () => {
  const iptables = async (...argv: string[]) => {
    const child = Bun.spawn(['iptables', '-w', ...argv], { stdout: 'pipe', stderr: 'ignore' })
    return new Response(child.stdout).text()
  }
  await iptables('-F', 'BOILERHOUSE-INPUT')
  await within(40_000, 'the rules are back', async () => (await iptables('-S', 'BOILERHOUSE-INPUT')).includes('-j DROP'))
}, 60_000)

test('a helper that was removed is made again for the next pool', async () => {
  await engine('DELETE', `/containers/bh-${await house.id()}-netadmin?force=true`)
  const workload = shellWorkload({ id: 'after' })
  await register(house, workload, { id: 'after', workloadId: 'after', minSize: 1, maxSize: 1 })
  expect((await helper()).State.Running).toBe(true)
}, 60_000)

test.each([
  ['the server itself', uid],
  ['another user', 1000],
  ['root', 0],
])(
  'state of containers that run as %s is kept at a release and there again at the next claim, read-only directories too',
  async (_who, runAsUser) => {
    const id = `state-${runAsUser}`
    const workload = shellWorkload({
      id,
      security: { runAsUser },
      volumes: { state: { containerPath: '/data' }, comm: { containerPath: '/comm' } },
    })
    await register(house, workload, { id, workloadId: id, minSize: 1, maxSize: 2 })
    const first = await claim(house, 'alice', id)
    const made = await run(
      house,
      first.containerId,
      'cd /data && mkdir -p deep/er && chmod 700 deep && echo kept > deep/er/file && mkdir closed && echo too > closed/file && chmod 500 closed && ln -s /etc/passwd link && mkdir -m 700 /comm/mine && id -u',
    )
    expect(made).toBe(`${runAsUser}\n`)
    await release(house, 'alice', id)
    await poolFull(house, id, 1)
    const second = await claim(house, 'alice', id)
    expect(second.containerId).not.toBe(first.containerId)
    const found = await run(
      house,
      second.containerId,
      'cd /data && cat deep/er/file closed/file && readlink link && echo more > deep/er/more && stat -c "%u %a" deep closed',
    )
    expect(found).toBe(`kept\ntoo\n/etc/passwd\n${runAsUser} 700\n${runAsUser} 500\n`)
    await release(house, 'alice', id)
    // Nothing of the former containers stays: not their volumes, not what they made in `comm`.
    await within(20_000, 'volumes and slots are gone', async () => {
      const names = await readdir(join(house.dataDir, 'volumes'))
      return !names.includes(first.containerId) && !names.includes(second.containerId)
    })
  },
  90_000,
)

test('a command of another user that runs too long is killed with all it started', async () => {
  await register(house, shellWorkload({ id: 'slow' }), { id: 'slow', workloadId: 'slow', minSize: 1, maxSize: 1 })
  const { containerId } = await claim(house, 'ivan', 'slow')
  const body = { command: ['sh', '-c', 'sleep 4242 & sleep 4243'], timeoutMs: 500 }
  expect((await house.api('POST', `/api/v1/containers/${containerId}/exec`, body)).body.code).toBe('container.exec_timeout')
  expect(await run(house, containerId, 'ps | grep "sleep 424[23]" | wc -l')).toBe('0\n')
}, 60_000)

test('figures are told: memory, network and the disk that only its own user can read', async () => {
  const id = 'figures'
  const workload = shellWorkload({ id, volumes: { state: { containerPath: '/data' } } })
  await register(house, workload, { id, workloadId: id, minSize: 1, maxSize: 1 })
  const { containerId } = await claim(house, 'judy', id)
  await run(house, containerId, 'mkdir -m 700 /data/own && dd if=/dev/zero of=/data/own/file bs=1024 count=8192 2>/dev/null')
  const stats = await within(60_000, 'the disk is measured', async () => {
    const { body } = await house.api('GET', `/api/v1/containers/${containerId}`)
    return body.usage?.diskBytes > 8_000_000 && body.usage
  })
  expect(stats.memoryBytes).toBeGreaterThan(0)
}, 90_000)

test('the server ends and begins again over the same containers, as that user', async () => {
  const before = await engineContainers(await house.id())
  expect(await house.interrupt()).toBe(0)
  expect((await engineContainers(await house.id())).toSorted()).toEqual(before.toSorted())
  await house.start()
  expect((await house.cli('doctor')).exitCode).toBe(0)
}, 60_000)
