import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { newContainerId, systemClock, type PoolId, type WorkloadId } from '@boilerhouse/base'

import { createDeliver } from './deliver.ts'
import { createLayout } from './layout.ts'
import { prepareSlot, removeSlot } from './slot.ts'
import { deliveryOf, never, workloadOf } from './test-fixture.ts'

/** /dev/shm is a tmpfs like the slots are. */
const root = mkdtempSync(join(statSync('/dev/shm').isDirectory() ? '/dev/shm' : tmpdir(), 'runtime-docker-deliver-'))
const layout = createLayout({ dataDir: root, hostDataDir: root, slotsDir: root, hostSlotsDir: root })
const containerId = newContainerId(1)
const paths = layout.slot(containerId)
const deliver = createDeliver({ layout, clock: systemClock, isRunning: async () => true })
const uid = process.getuid?.() ?? 0

beforeAll(() => {
  const workload = workloadOf({ security: { readOnlyRootFilesystem: true, runAsUser: uid, capabilities: [], init: true } })
  prepareSlot(paths, {
    containerId,
    poolId: 'demo' as PoolId,
    workloadId: 'test' as WorkloadId,
    workloadGeneration: 1,
    workload,
    imageId: '',
    environment: {},
  })
})
afterAll(() => rmSync(root, { recursive: true }))

const secrets = (...names: string[]) => new Map(names.map((name) => [name, Buffer.from(`value of ${name}`)]))

test('a delivery takes well under a millisecond', async () => {
  const took: number[] = []
  for (let revision = 1; revision <= 300; revision++) {
    const startedMs = performance.now()
    await deliver(containerId, deliveryOf(containerId, { revision, secrets: secrets('A', 'B') }), never)
    took.push(performance.now() - startedMs)
  }
  const sorted = took.sort((a, b) => a - b)
  expect(sorted[150]).toBeLessThan(1)
})

test('what is delivered again replaces files inside the mounted directory, never the directory', async () => {
  const before = [paths.box, paths.secrets].map((path) => statSync(path).ino)
  await deliver(containerId, deliveryOf(containerId, { secrets: secrets('OLD', 'BOTH') }), never)
  await deliver(containerId, deliveryOf(containerId, { revision: 2, secrets: secrets('BOTH', 'NEW') }), never)
  expect([paths.box, paths.secrets].map((path) => statSync(path).ino)).toEqual(before)
  expect(readdirSync(paths.secrets).sort()).toEqual(['BOTH', 'NEW'])
  for (const file of [join(paths.secrets, 'NEW'), join(paths.box, 'claim.json'), join(paths.box, 'config.json')]) {
    expect(statSync(file).mode & 0o777).toBe(0o444)
  }
})

test('claim.json is the mark: without it a delivery is written whole again', async () => {
  const delivery = deliveryOf(containerId, { secrets: secrets('A') })
  await deliver(containerId, delivery, never)
  rmSync(join(paths.box, 'claim.json'))
  rmSync(join(paths.secrets, 'A'))
  writeFileSync(join(paths.box, 'config.json.left'), '')
  expect(await deliver(containerId, delivery, never)).toEqual({ isNew: true, isStarted: true })
  expect(readFileSync(join(paths.secrets, 'A'), 'utf8')).toBe('value of A')
  rmSync(join(paths.box, 'config.json.left'))
})

test('claim.json names the secrets and holds none of their values', async () => {
  await deliver(containerId, deliveryOf(containerId, { secrets: secrets('TOKEN') }), never)
  const text = readFileSync(join(paths.box, 'claim.json'), 'utf8')
  expect(JSON.parse(text)).toMatchObject({ secrets: ['TOKEN'], tenantId: 'alice' })
  expect(text).not.toContain('value of')
})

test.each(['../../escape', 'a/b', '.hidden', '..', ''])('a secret named %p is refused: names are file names', async (name) => {
  const late = deliver(containerId, deliveryOf(containerId, { secrets: secrets(name) }), never)
  await expect(late).rejects.toMatchObject({ code: 'request.invalid' })
})

test('a delivery into a slot that is gone is runtime.container_gone, and makes no slot', async () => {
  const gone = newContainerId(2)
  await expect(deliver(gone, deliveryOf(gone), never)).rejects.toMatchObject({ code: 'runtime.container_gone' })
  removeSlot(layout.slot(gone))
  expect(readdirSync(root)).not.toContain(gone)
})
