import { afterAll, beforeAll, expect, test } from 'bun:test'
import { cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createInstallation, type Installation } from './installation.ts'
import { claim, notesWorkload, register, release, run } from './workloads.ts'

let home: string
let file: string
let former: Installation
let next: Installation

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'boilerhouse-backup-'))
  file = join(home, 'backup')
  ;[former, next] = await Promise.all([createInstallation(), createInstallation()])
  await former.start()
  await register(former, notesWorkload(), { id: 'notes', workloadId: 'notes', minSize: 1, maxSize: 4 })
}, 120_000)

afterAll(async () => {
  await Promise.all([former.dispose(), next.dispose()])
  await rm(home, { recursive: true })
}, 120_000)

const secret = 'the-secret-of-alice'

test('a backup of a running server is one private file that lists the kept state, and never the secrets', async () => {
  const { endpoints } = await claim(former, 'alice', 'notes')
  await fetch(`${endpoints.http?.url}/notes/kept`, { method: 'PUT', body: 'from before' })
  await release(former, 'alice', 'notes')
  const bob = await claim(former, 'bob', 'notes', { secrets: { TOKEN: secret }, config: { greeting: 'hi' } })
  await fetch(`${bob.endpoints.http?.url}/notes/held`, { method: 'PUT', body: 'while claimed' })
  const { stdout, exitCode } = await former.cli('backup', 'create', file, '--json')
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ file, kept: 1 })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  const text = Buffer.from(Bun.gunzipSync(await Bun.file(file).bytes())).toString()
  expect(JSON.parse(text.slice(0, text.indexOf('\n')))).toMatchObject({ format: 'boilerhouse-backup', formatVersion: 1 })
  expect(text).not.toContain(secret)
  expect(text).not.toContain(Buffer.from(secret).toString('base64'))
  expect((await former.cli('backup', 'create', file)).stderr).toContain('is there already')
}, 60_000)

test('a restore is refused into a data directory in use, and with another secret key, and then nothing has changed', async () => {
  const inUse = await former.cli('backup', 'restore', file)
  expect([inUse.exitCode === 0, inUse.stderr.includes('store.in_use')]).toEqual([false, true])
  const foreign = await next.cli('backup', 'restore', file)
  expect([foreign.exitCode === 0, foreign.stderr.includes('BOILERHOUSE_SECRET_KEY')]).toEqual([false, true])
}, 60_000)

test('restored into a new data directory with its kept state, everything is there: tenants get their files, live claims recover', async () => {
  await former.interrupt()
  await mkdir(next.dataDir, { recursive: true })
  for (const name of ['secret.key', 'kept', 'volumes'])
    await cp(join(former.dataDir, name), join(next.dataDir, name), { recursive: true, force: true, preserveTimestamps: true })
  const restored = await next.cli('backup', 'restore', file, '--json')
  expect([restored.exitCode, restored.stderr]).toEqual([0, ''])
  expect(JSON.parse(restored.stdout)).toMatchObject({ missing: [] })

  await next.start()
  const alice = await claim(next, 'alice', 'notes')
  expect(alice.source).toEndWith('+data')
  expect(await (await fetch(`${alice.endpoints.http?.url}/notes/kept`)).text()).toBe('from before')
  const bob = await claim(next, 'bob', 'notes')
  expect(await run(next, bob.containerId, 'cat /boilerhouse/secrets/TOKEN /boilerhouse/config.json')).toBe(
    `${secret}{"greeting":"hi"}`,
  )
  expect(await (await fetch(`${bob.endpoints.http?.url}/notes/held`)).text()).toBe('while claimed')
  const { body } = await next.api('GET', '/api/v1/activity?tenant=alice&type=claim.released&limit=500')
  expect(body.items.length).toBeGreaterThan(0)
  for (const tenant of ['alice', 'bob']) await release(next, tenant, 'notes')
  expect((await next.cli('doctor')).exitCode).toBe(0)
}, 120_000)

test('a restore into a data directory with data is refused', async () => {
  await next.interrupt()
  const again = await next.cli('backup', 'restore', file)
  expect(again.exitCode).not.toBe(0)
  expect(again.stderr).toContain('store.not_empty')
}, 60_000)
