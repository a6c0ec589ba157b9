import { afterAll, beforeAll, expect, test } from 'bun:test'
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { repository } from './checkout.ts'
import { engine } from './engine.ts'
import { createInstallation, type Installation } from './installation.ts'
import { within } from './within.ts'
import { claim, poolFull, release, run } from './workloads.ts'

let home: string
let workloads: string
let house: Installation

const shellFile = (message: string) => `
id: shell
name: Shell
image: boilerhouse/sandbox
entrypoint: [/bin/sh, -c, 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done']
workingDir: /tmp
environment: { MESSAGE: '${message}' }
stopTimeoutMs: 1000
---
kind: pool
id: shell
workloadId: shell
minSize: 1
maxSize: 4
`

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'boilerhouse-workloads-'))
  workloads = join(home, 'workloads')
  await mkdir(join(workloads, 'built'), { recursive: true })
  await writeFile(join(workloads, 'shell.yaml'), shellFile('one'))
  await writeFile(join(workloads, 'bad.yaml'), 'id: bad\nname: [oops\n')
  await writeFile(join(workloads, 'wrong.yaml'), 'id: wrong\nname: Wrong\nimage: x\nresources: { cpus: -1 }\n')
  house = await createInstallation({ env: { BOILERHOUSE_WORKLOADS_DIR: workloads } })
  await house.start()
}, 120_000)

afterAll(async () => {
  for (const id of ['built', 'failing'])
    await engine('DELETE', `/images/boilerhouse-${await house.id()}/${id}:latest?force=1`).catch(() => undefined) // it was not built
  await house.dispose()
  await rm(home, { recursive: true })
}, 120_000)

const workload = async (id: string) => (await house.api('GET', `/api/v1/workloads/${id}`)).body

const settled = (id: string) =>
  within(60_000, `workload ${id} is settled`, async () => {
    const body = await workload(id)
    return ['ready', 'error'].includes(body.status?.state) ? body : undefined
  })

test('files of BOILERHOUSE_WORKLOADS_DIR are applied at the start', async () => {
  await within(20_000, 'the pool is there', async () => (await house.api('GET', '/api/v1/pools/shell')).status === 200)
  await poolFull(house, 'shell', 1)
  const { containerId } = await claim(house, 'alice', 'shell')
  expect(await run(house, containerId, 'echo $MESSAGE')).toBe('one\n')
  await release(house, 'alice', 'shell')
}, 60_000)

test('a file that cannot be read and one that is refused are named in the log with the reason, and hold nobody up', async () => {
  const line = (file: string) =>
    house
      .log()
      .split('\n')
      .find((one) => one.includes(`${file}`) && one.includes('"level":"warn"'))
  expect(await within(10_000, 'bad.yaml is named', () => line('bad.yaml'))).toContain('cannot be read')
  expect(await within(10_000, 'wrong.yaml is named', () => line('wrong.yaml'))).toContain('/resources/cpus')
})

test('a changed file is applied at once, and the pool rolls to it', async () => {
  await writeFile(join(workloads, 'shell.yaml'), shellFile('two'))
  await within(10_000, 'the change is applied', async () => (await workload('shell')).environment.MESSAGE === 'two')
  await within(30_000, 'a claim sees the change', async () => {
    const { containerId } = await claim(house, 'bob', 'shell')
    const said = await run(house, containerId, 'echo $MESSAGE')
    await release(house, 'bob', 'shell')
    return said === 'two\n'
  })
}, 60_000)

async function buildContext(directory: string, lines: readonly string[]): Promise<void> {
  await mkdir(directory, { recursive: true })
  await copyFile(join(repository, '.tools/bin/busybox'), join(directory, 'busybox'))
  const head = ['FROM scratch', 'COPY busybox /bin/busybox', 'RUN ["/bin/busybox", "--install", "-s", "/bin"]']
  await writeFile(join(directory, 'Dockerfile'), [...head, ...lines].join('\n'))
}

const body = (id: string, context: string) => ({
  id,
  name: id,
  build: { context },
  entrypoint: ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'],
  stopTimeoutMs: 1000,
})

test('a workload with a build context is built, its log streamed and kept, and runs', async () => {
  await buildContext(join(workloads, 'built'), ['RUN echo first-step', 'RUN sleep 1; echo last-step'])
  expect((await house.api('POST', '/api/v1/workloads', body('built', 'built'))).status).toBe(201)
  const followed = await house.api<string>('GET', '/api/v1/workloads/built/build-log?follow=true')
  expect(followed.text).toContain('first-step')
  expect(followed.text).toContain('last-step')
  expect(await settled('built')).toMatchObject({ status: { state: 'ready' } })
  expect((await house.api<string>('GET', '/api/v1/workloads/built/build-log')).text).toContain('last-step')
  expect((await house.api('POST', '/api/v1/pools', { id: 'built', workloadId: 'built', minSize: 1, maxSize: 2 })).status).toBe(
    201,
  )
  await poolFull(house, 'built', 1)
}, 120_000)

test('a build that fails leaves the workload in error with the reason', async () => {
  await buildContext(join(workloads, 'failing'), ['RUN echo told-why; exit 3'])
  expect((await house.api('POST', '/api/v1/workloads', body('failing', 'failing'))).status).toBe(201)
  const { status } = await settled('failing')
  expect(status.state).toBe('error')
  expect(status.reason).toContain('told-why')
  expect((await house.cli('workload', 'log', 'failing')).stdout).toContain('told-why')
}, 60_000)

test('a workload whose image is missing is in error until the image is there, and then ready by itself', async () => {
  const tag = `boilerhouse-e2e-${await house.id()}`
  expect(
    (await house.api('POST', '/api/v1/workloads', { ...body('late', ''), build: undefined, image: `${tag}:latest` })).status,
  ).toBe(201)
  const { status } = await settled('late')
  expect(status).toMatchObject({ state: 'error' })
  expect(status.reason).toMatch(/^runtime\.image_not_found: No such image/)
  await engine('POST', `/images/boilerhouse/sandbox/tag?repo=${tag}&tag=latest`)
  try {
    await within(30_000, 'it is ready', async () => (await workload('late')).status.state === 'ready')
  } finally {
    await engine('DELETE', `/images/${tag}:latest`)
  }
}, 60_000)

test('a build context outside of BOILERHOUSE_WORKLOADS_DIR is refused, by path and by symbolic link', async () => {
  await buildContext(join(home, 'outside'), [])
  await symlink(join(home, 'outside'), join(workloads, 'linked'))
  for (const [id, context] of [
    ['dots', '../outside'],
    ['absolute', join(home, 'outside')],
    ['linked', 'linked'],
  ] as const) {
    const answer = await house.api('POST', '/api/v1/workloads', body(id, context))
    const code = answer.status === 201 ? (await settled(id)).status.reason : answer.body.code
    expect([id, code]).toEqual([id, expect.stringContaining('workload.context_outside')])
  }
}, 60_000)
