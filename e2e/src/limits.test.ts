import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { repository } from './checkout.ts'
import { engine } from './engine.ts'
import { createInstallation, type Installation } from './installation.ts'
import { runProgram } from './run-program.ts'
import { processesOf } from './leftovers.ts'
import { listen } from './told.ts'
import { claim, poolFull, register, release, run, shellWorkload } from './workloads.ts'
import { within } from './within.ts'

describe('a full pool, a full host and a full disk', () => {
  let house: Installation
  beforeAll(async () => {
    house = await createInstallation({ env: { BOILERHOUSE_MAX_CONTAINERS: '3' } })
    await house.start()
    const volumes = { state: { containerPath: '/state' } }
    const resources = { cpus: 1, memoryMb: 64, pids: 64, diskMb: 8 }
    await register(house, shellWorkload({ volumes, resources }), { id: 'small', workloadId: 'shell', minSize: 1, maxSize: 2 })
  }, 120_000)
  afterAll(() => house.dispose(), 120_000)

  const ask = (tenant: string, poolId: string, waitMs: number) =>
    house.api('POST', `/api/v1/tenants/${tenant}/claim`, { poolId, waitMs })

  test('a claim beyond maxSize is 503 pool.exhausted with Retry-After and the remedy, and leaves nothing behind', async () => {
    for (const tenant of ['a', 'b']) await claim(house, tenant, 'small')
    const { status, body, headers } = await ask('c', 'small', 200)
    expect([status, body.code]).toEqual([503, 'pool.exhausted'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(body.remedy).toBeString()
    expect((await house.api('GET', '/api/v1/tenants/c/status')).body).not.toMatchObject({ assigned: true })
  })

  test('who asks again as Retry-After says is served once another has released', async () => {
    await release(house, 'a', 'small')
    await within(30_000, 'c is served', async () => (await ask('c', 'small', 10_000)).status === 201)
    for (const tenant of ['b', 'c']) await release(house, tenant, 'small')
    await poolFull(house, 'small', 1)
  }, 60_000)

  test('BOILERHOUSE_MAX_CONTAINERS bounds all pools together: the pool says so, and a claim is refused with the code', async () => {
    expect((await house.api('POST', '/api/v1/pools', { id: 'wide', workloadId: 'shell', minSize: 5, maxSize: 6 })).status).toBe(
      201,
    )
    const condition = await within(20_000, 'the pool tells why it is short', async () => {
      const { body } = await house.api('GET', '/api/v1/pools/wide')
      return body.status.warm === 2 && body.status.conditions.find(({ type }: { type: string }) => type === 'MaxContainers')
    })
    expect(condition.message).toBeString()
    for (const tenant of ['x', 'y']) await claim(house, tenant, 'wide')
    const { status, body, headers } = await ask('z', 'wide', 200)
    expect([status, ['host.container_limit', 'pool.exhausted'].includes(body.code), headers.has('retry-after')]).toEqual([
      503,
      true,
      true,
    ])
    for (const tenant of ['x', 'y']) await release(house, tenant, 'wide')
    expect((await house.api('DELETE', '/api/v1/pools/wide')).status).toBe(202)
    await within(30_000, 'the pool is gone', async () => (await house.api('GET', '/api/v1/pools/wide')).status === 404)
  }, 90_000)

  test('a tenant that writes more than diskMb is paused, an event says so, and its files are kept at the release', async () => {
    const told = await listen(house, { tenant: 'hoarder' })
    const { containerId } = await claim(house, 'hoarder', 'small')
    await run(house, containerId, 'echo kept >/state/small; dd if=/dev/zero of=/state/big bs=1M count=20 2>/dev/null')
    const event = await told.first(30_000, 'container.disk_exceeded', ({ type }) => type === 'container.disk_exceeded')
    expect(event).toMatchObject({ containerId, data: { diskMb: 8 } })
    const name = `bh-${await house.id()}-${containerId}`
    expect(await within(10_000, 'it is paused', async () => (await engine('GET', `/containers/${name}/json`)).State.Paused)).toBe(
      true,
    )
    await release(house, 'hoarder', 'small')
    await told[Symbol.asyncDispose]()
    const again = await claim(house, 'hoarder', 'small')
    expect(again.source).toEndWith('+data')
    expect(await run(house, again.containerId, 'cat /state/small; rm /state/big')).toBe('kept\n')
    await release(house, 'hoarder', 'small')
  }, 90_000)

  test('below BOILERHOUSE_MIN_FREE_MB nothing new starts: 503 host.disk_full, and who is there goes on', async () => {
    const before = await claim(house, 'here', 'small')
    await poolFull(house, 'small', 1)
    await house.interrupt()
    const full = await createInstallation({ beside: house, env: { BOILERHOUSE_MIN_FREE_MB: '1000000000' } })
    await full.start()
    try {
      expect(await claim(full, 'here', 'small')).toMatchObject({ containerId: before.containerId, source: 'existing' })
      expect(await claim(full, 'last', 'small')).toMatchObject({ source: 'pool' })
      const { status, body, headers } = await full.api('POST', '/api/v1/tenants/next/claim', { poolId: 'small', waitMs: 500 })
      expect([status, body.code]).toEqual([503, 'host.disk_full'])
      expect(headers.has('retry-after')).toBe(true)
      const { body: pool } = await full.api('GET', '/api/v1/pools/small')
      expect(pool.status.conditions.map(({ type }: { type: string }) => type)).toContain('HostDiskFull')
    } finally {
      await full.dispose()
      await house.start()
    }
    for (const tenant of ['here', 'last']) await release(house, tenant, 'small')
  }, 90_000)
})

describe('an unusable setting stops the start, with its name, its value and the remedy', () => {
  const refused: readonly [string, Record<string, string>, readonly string[]][] = [
    [
      'a remote engine',
      { DOCKER_HOST: 'tcp://10.0.0.9:2375' },
      ['DOCKER_HOST', 'tcp://10.0.0.9:2375', 'unix:///var/run/docker.sock'],
    ],
    ['Docker Desktop', { DOCKER_HOST: 'unix:///root/.docker/desktop/docker.sock' }, ['DOCKER_HOST', 'desktop', 'Docker Engine']],
    ['a socket that is not there', { DOCKER_HOST: 'unix:///nowhere/docker.sock' }, ['/nowhere/docker.sock']],
    ['a public range', { BOILERHOUSE_NETWORK_CIDR: '8.8.0.0/16' }, ['BOILERHOUSE_NETWORK_CIDR', '8.8.0.0/16', 'private range']],
    ['no range at all', { BOILERHOUSE_NETWORK_CIDR: '10.0.0.0/99' }, ['BOILERHOUSE_NETWORK_CIDR', '10.0.0.0/99']],
    [
      'a bind beyond loopback',
      { BOILERHOUSE_HOST: '0.0.0.0' },
      ['BOILERHOUSE_HOST', '0.0.0.0', 'BOILERHOUSE_TLS_CERT', 'BOILERHOUSE_TRUST_PROXY'],
    ],
    ['a number that is none', { BOILERHOUSE_MAX_CONTAINERS: 'many' }, ['BOILERHOUSE_MAX_CONTAINERS', 'many']],
  ]

  let home: string
  beforeAll(async () => void (home = await mkdtemp(join(tmpdir(), 'boilerhouse-settings-'))))
  afterAll(() => rm(home, { recursive: true }))

  const up = (env: Record<string, string>) =>
    runProgram([join(repository, 'boilerhouse'), 'up', '--no-examples'], {
      cwd: '/',
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        BOILERHOUSE_DATA_DIR: join(home, 'data'),
        BOILERHOUSE_PORT: '0',
        BOILERHOUSE_PROXY_PORT: '0',
        ...env,
      },
    })

  test.each(refused)(
    '%s',
    async (_what, env, words) => {
      const { exitCode, stderr } = await up(env)
      expect(exitCode).not.toBe(0)
      for (const word of words) expect(stderr).toContain(word)
      expect(stderr).not.toContain('    at ')
    },
    30_000,
  )

  test('a port in use; and everything that was started before it is taken down again', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const address = taken.address()
    const port = address !== null && typeof address === 'object' ? `${address.port}` : ''
    const { exitCode, stderr } = await up({ BOILERHOUSE_PORT: port })
    taken.close()
    expect(exitCode).not.toBe(0)
    for (const word of ['BOILERHOUSE_PORT', port, 'set BOILERHOUSE_PORT to a free one']) expect(stderr).toContain(word)
    expect(await processesOf(home)).toEqual([])
  }, 60_000)
})
