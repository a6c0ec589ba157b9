import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { freshClone } from './checkout.ts'
import { createInstallation, type Installation } from './installation.ts'

let home: string
let house: Installation

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'boilerhouse-clone-'))
  const checkout = await freshClone(join(home, 'boilerhouse'), { PATH: process.env['PATH'] ?? '' })
  house = await createInstallation({ checkout, viaNpm: true })
  await house.start()
}, 120_000)

afterAll(async () => {
  await house.dispose()
  await rm(home, { recursive: true })
}, 120_000)

const claimed = { id: '', http: '' }

test('npm start in a fresh clone fills the demo pool and says where it is, where the key lies, and what to try', async () => {
  const log = house.log()
  expect(log).toContain(`Boilerhouse is ready at ${house.url}`)
  expect(log).toContain(`${house.dataDir}/admin.key`)
  expect(log.match(/\.\/boilerhouse tenant/g)?.length).toBe(3)
  const key = (await Bun.file(join(house.dataDir, 'admin.key')).text()).trim()
  expect(log).not.toContain(key)
})

test('a claim on the command line prints an endpoint that answers as the tenant, with its config', async () => {
  const { stdout, exitCode } = await house.cli(
    'tenant',
    'claim',
    'alice',
    '--pool',
    'demo',
    '--config',
    '{"greeting":"hi"}',
    '--secret',
    'TOKEN=s3cr3t',
  )
  expect(exitCode).toBe(0)
  claimed.id = /^(c-\S+) active \(pool/.exec(stdout)?.[1] ?? ''
  claimed.http = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout)?.[0] ?? ''
  expect(stdout).not.toContain('s3cr3t')
  const answer = await (await fetch(claimed.http)).json()
  expect(answer).toMatchObject({
    tenant: 'alice',
    pool: 'demo',
    container: claimed.id,
    config: { greeting: 'hi' },
    secrets: ['TOKEN'],
  })
})

test("exec runs in the container and its exit code is the command's", async () => {
  const shown = await house.cli(
    'container',
    'exec',
    claimed.id,
    '--',
    'sh',
    '-c',
    'cat /boilerhouse/config.json; ls /boilerhouse/secrets',
  )
  expect(shown.stdout).toBe('{"greeting":"hi"}TOKEN\n')
  expect((await house.cli('container', 'exec', claimed.id, '--', 'sh', '-c', 'exit 42')).exitCode).toBe(42)
  const missing = await house.cli('container', 'exec', claimed.id, '--', 'no-such-program')
  expect(missing).toMatchObject({ exitCode: 127, stdout: '', stderr: expect.stringContaining('not found') })
})

test('the same claim by HTTP is the same container, and says so', async () => {
  const { data, response } = await house.client.POST('/api/v1/tenants/{tenantId}/claim', {
    params: { path: { tenantId: 'alice' } },
    body: { poolId: 'demo' } as never,
  })
  expect(response.status).toBe(200)
  expect(data).toMatchObject({ containerId: claimed.id, source: 'existing', state: 'active' })
})

test('the proxy answers with the key, and never without', async () => {
  const url = `${house.proxyUrl}/t/alice/demo/http/`
  expect((await fetch(url)).status).toBe(401)
  const key = (await Bun.file(join(house.dataDir, 'admin.key')).text()).trim()
  const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } })
  expect(await answer.json()).toMatchObject({ tenant: 'alice' })
})

test('Ctrl-C stops the server and its Postgres in order; containers stay, and the next start adopts them', async () => {
  expect(await house.interrupt()).toBe(0)
  expect((await fetch(claimed.http)).status).toBe(200)
  await house.start()
  const { stdout } = await house.cli('tenant', 'status', 'alice', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ assigned: true, containerId: claimed.id, state: 'active' })
  expect((await house.cli('doctor')).exitCode).toBe(0)
})

test('a release on the command line gives the container back, and the pool fills again', async () => {
  const { stdout, exitCode } = await house.cli('tenant', 'release', 'alice', '--pool', 'demo')
  expect([exitCode, stdout.trim()]).toEqual([0, 'alice released'])
  await expect(fetch(claimed.http)).rejects.toThrow()
  expect((await house.cli('tenant', 'status', 'alice', '--json')).exitCode).toBe(0)
  expect((await house.cli('doctor')).exitCode).toBe(0)
})
