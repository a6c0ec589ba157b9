import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { engine } from './engine.ts'
import { createInstallation, type Installation } from './installation.ts'
import { runProgram } from './run-program.ts'
import { claim, register, release, run, shellWorkload } from './workloads.ts'

let house: Installation

beforeAll(async () => {
  house = await createInstallation({ env: { LOG_LEVEL: 'debug' } })
  await house.start()
  await register(house, shellWorkload(), { id: 'shell', workloadId: 'shell', minSize: 1, maxSize: 4 })
  await register(
    house,
    shellWorkload({
      id: 'parked',
      warmth: 'parked',
      environment: { FROM_SECRET: 'x-${secret:TOKEN}', TENANT: '${tenantId}' },
      entrypoint: [
        '/bin/sh',
        '-c',
        'cat /proc/self/environ >/tmp/environ; trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done',
      ],
    }),
    { id: 'parked', workloadId: 'parked', minSize: 1, maxSize: 4 },
  )
}, 120_000)

afterAll(() => house.dispose(), 120_000)

/** Found by a plain search, whatever stands around it. */
const secret = `s3cr3t-${crypto.randomUUID()}`
const secretEnv = `3nv-${crypto.randomUUID()}`
const forms = [secret, secretEnv, Buffer.from(secret).toString('base64'), Buffer.from(secretEnv).toString('base64')]
const found = (text: string) => forms.filter((form) => text.includes(form))

test('secrets and env are in the container, also after a new delivery, and in nothing that the server says', async () => {
  const answers: string[] = []
  const ask = async (method: string, path: string, body?: unknown) => answers.push((await house.api(method, path, body)).text)
  const first = await claim(house, 'alice', 'shell', { secrets: { TOKEN: secret } })
  const second = await claim(house, 'alice', 'parked', { secrets: { TOKEN: secret }, env: { ASKED: secretEnv } })
  expect(await run(house, first.containerId, 'cat /boilerhouse/secrets/TOKEN')).toBe(secret)
  const environ = (await run(house, second.containerId, 'cat /tmp/environ')).split('\0')
  expect(environ).toContain(`ASKED=${secretEnv}`)
  expect(environ).toContain(`FROM_SECRET=x-${secret}`)
  expect(environ).toContain('TENANT=alice')

  await ask('POST', '/api/v1/tenants/alice/claim', { poolId: 'shell', secrets: { TOKEN: secret, MORE: secretEnv } })
  await ask('POST', '/api/v1/tenants/alice/claim', { poolId: 'parked', env: { ASKED: `${secretEnv}-other` } })
  for (const path of [
    'tenants',
    'tenants/alice',
    'containers',
    `containers/${second.containerId}`,
    'pools',
    'workloads',
    'activity?limit=500',
    'settings',
    'doctor',
    'stats',
  ])
    await ask('GET', `/api/v1/${path}`)
  await ask('POST', '/api/v1/tenants/alice/claim', { poolId: 'shell', secrets: { 'not a name': secret } })
  await ask('POST', '/api/v1/tenants/alice/claim', { poolId: 'shell', secrets: secret })
  await ask('GET', '/metrics')
  expect(answers.flatMap(found)).toEqual([])
  expect(found(house.log())).toEqual([])
}, 60_000)

test('secrets are not in docker inspect, not in the process list, not in an environment that the host shows of ours', async () => {
  const { body } = await house.api('GET', '/api/v1/containers?tenant=alice')
  const prefix = `bh-${await house.id()}-`
  for (const { id } of body.items)
    expect(found(JSON.stringify(await engine('GET', `/containers/${prefix}${id}/json`)))).toEqual([])
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid))
    expect(found(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))).toEqual([])
  expect(found(await readFile(`/proc/${house.pid()}/environ`, 'utf8'))).toEqual([])
})

test('secrets are in no file on disk: not in the data directory, its database, its log or a backup', async () => {
  const file = join(house.dataDir, '../backup')
  expect((await house.cli('backup', 'create', file)).exitCode).toBe(0)
  expect(found(Buffer.from(Bun.gunzipSync(await Bun.file(file).bytes())).toString('latin1'))).toEqual([])
  const argv = ['grep', '-rlaF', ...forms.flatMap((form) => ['-e', form]), join(house.dataDir, '..')]
  const { stdout, exitCode } = await runProgram(argv, { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })
  expect([stdout, exitCode]).toEqual(['', 1])
}, 60_000)

test('another user of the host cannot read slots or the data directory', async () => {
  const slots = `/run/boilerhouse/${await house.id()}`
  for (const directory of [slots, house.dataDir]) {
    const argv = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'ls', directory]
    const { exitCode, stdout, stderr } = await runProgram(argv, { cwd: '/', env: { PATH: process.env['PATH'] ?? '' } })
    expect([exitCode === 0, stdout, stderr.includes('denied')]).toEqual([false, '', true])
  }
})

test('env reaches a parked workload byte for byte, whatever is in it', async () => {
  const env = {
    QUOTES: `'"\`$HOME $(id) \\ !`,
    LINES: 'one\ntwo\n\n',
    SPACES: '  a\tb  ',
    UNICODE: 'žluťoučký 🐎',
    EMPTY: '',
    GLOB: '* ? [a-z] {a,b} ~ #',
    LONG: 'x'.repeat(100_000),
  }
  const { containerId } = await claim(house, 'bytes', 'parked', { env, secrets: { TOKEN: 'x' } })
  const environ = (await run(house, containerId, 'cat /tmp/environ')).split('\0')
  for (const [name, value] of Object.entries(env)) expect(environ).toContain(`${name}=${value}`)
  await release(house, 'bytes', 'parked')
}, 30_000)
