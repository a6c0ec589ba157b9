import { afterAll, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { newContainerId, systemClock, type ClaimId, type ContainerId, type PoolId, type WorkloadId } from '@boilerhouse/base'

import { createDeliver } from './deliver.ts'
import { createLayout, type SlotPaths } from './layout.ts'
import { prepareSlot, removeSlot } from './slot.ts'
import { createStaged } from './staged.ts'
import { deliveryOf, never, workloadOf } from './test-fixture.ts'

/** /dev/shm is a tmpfs like the slots are. */
const root = mkdtempSync(join(statSync('/dev/shm').isDirectory() ? '/dev/shm' : tmpdir(), 'runtime-docker-staged-'))
const layout = createLayout({ dataDir: root, hostDataDir: root, slotsDir: root, hostSlotsDir: root })
const staged = createStaged(layout)
const deliver = createDeliver({ layout, clock: systemClock, isRunning: async () => true, staged })
let containerId: ContainerId
let paths: SlotPaths

beforeEach(() => {
  containerId = newContainerId(1)
  paths = layout.slot(containerId)
  const ids = { containerId, poolId: 'demo' as PoolId, workloadId: 'test' as WorkloadId, workloadGeneration: 1 }
  prepareSlot(paths, { ...ids, workload: workloadOf(), imageId: '', environment: {} })
})
afterAll(() => rmSync(root, { recursive: true }))

const secrets = (...names: string[]) => new Map(names.map((name) => [name, Buffer.from(`value of ${name}`)]))
const read = (name: string) => readFileSync(join(paths.box, name), 'utf8')

test('what is staged is not in the box, and all of it is once it is delivered', async () => {
  const delivery = deliveryOf(containerId, { secrets: secrets('A', 'B'), config: { greeting: 'hi' } })
  staged.put(containerId, delivery)
  expect(readdirSync(paths.secrets)).toEqual([])
  expect(existsSync(join(paths.box, 'claim.json'))).toBe(false)
  expect(readdirSync(paths.temporary)).toHaveLength(4)
  expect(await deliver(containerId, delivery, never)).toEqual({ isNew: true, isStarted: true })
  expect([read('secrets/A'), read('secrets/B'), read('config.json')]).toEqual(['value of A', 'value of B', '{"greeting":"hi"}'])
  expect(JSON.parse(read('claim.json'))).toMatchObject({ claimId: delivery.claimId, secrets: ['A', 'B'] })
  for (const name of ['secrets/A', 'config.json', 'claim.json']) expect(statSync(join(paths.box, name)).mode & 0o777).toBe(0o444)
  expect(readdirSync(paths.temporary)).toEqual([])
})

test('of one claim, staged for a container that another one got, nothing stays', async () => {
  staged.put(containerId, deliveryOf(containerId, { claimId: 'cl-lost' as ClaimId, secrets: secrets('LOST', 'MORE') }))
  await deliver(containerId, deliveryOf(containerId, { secrets: secrets('OWN') }), never)
  expect(readdirSync(paths.secrets)).toEqual(['OWN'])
  expect(JSON.parse(read('claim.json'))).toMatchObject({ secrets: ['OWN'] })
  expect(readdirSync(paths.temporary)).toEqual([])
})

test("of two processes that stage for one container at once each delivers its own claim's files, and what the other takes back is gone", async () => {
  const others = createStaged(layout)
  const delivery = deliveryOf(containerId, { secrets: secrets('TOKEN') })
  const theirs = new Map([['TOKEN', Buffer.from('of another tenant')]])
  staged.put(containerId, delivery)
  others.put(containerId, deliveryOf(containerId, { claimId: 'cl-lost' as ClaimId, secrets: theirs, config: { of: 'them' } }))
  await deliver(containerId, delivery, never)
  expect([read('secrets/TOKEN'), read('config.json')]).toEqual(['value of TOKEN', JSON.stringify(delivery.config)])
  expect(JSON.parse(read('claim.json'))).toMatchObject({ claimId: delivery.claimId })
  others.drop(containerId)
  expect(readdirSync(paths.temporary)).toEqual([])
})

test('what is staged later replaces what was, whole', async () => {
  staged.put(containerId, deliveryOf(containerId, { claimId: 'cl-lost' as ClaimId, secrets: secrets('A', 'B', 'C') }))
  const delivery = deliveryOf(containerId, { secrets: secrets('D') })
  staged.put(containerId, delivery)
  expect(readdirSync(paths.temporary)).toHaveLength(3)
  await deliver(containerId, delivery, never)
  expect(readdirSync(paths.secrets)).toEqual(['D'])
  expect(readdirSync(paths.temporary)).toEqual([])
})

test('a container that has its delivery is left alone', async () => {
  await deliver(containerId, deliveryOf(containerId, { secrets: secrets('A') }), never)
  staged.put(containerId, deliveryOf(containerId, { revision: 2, secrets: secrets('B') }))
  expect(readdirSync(paths.temporary)).toEqual([])
})

test('what a crash left of another delivery is gone once the next one is there', async () => {
  await deliver(containerId, deliveryOf(containerId, { secrets: secrets('OLD') }), never)
  rmSync(join(paths.box, 'claim.json'))
  const delivery = deliveryOf(containerId, { claimId: 'cl-next' as ClaimId, secrets: secrets('NEW') })
  staged.put(containerId, delivery)
  expect(await deliver(containerId, delivery, never)).toEqual({ isNew: true, isStarted: true })
  expect(readdirSync(paths.secrets)).toEqual(['NEW'])
})

test('what cannot be staged throws nothing: its delivery says what is wrong', async () => {
  const wrong = deliveryOf(containerId, { secrets: secrets('A', '../escape') })
  staged.put(containerId, wrong)
  expect(readdirSync(paths.temporary)).toEqual([])
  await expect(deliver(containerId, wrong, never)).rejects.toMatchObject({ code: 'request.invalid' })
  removeSlot(paths)
  const delivery = deliveryOf(containerId)
  staged.put(containerId, delivery)
  await expect(deliver(containerId, delivery, never)).rejects.toMatchObject({ code: 'runtime.container_gone' })
})

test('a slot that went between staging and delivery is a container that is gone', async () => {
  const delivery = deliveryOf(containerId)
  staged.put(containerId, delivery)
  removeSlot(paths)
  await expect(deliver(containerId, delivery, never)).rejects.toMatchObject({ code: 'runtime.container_gone' })
})

test('what is staged for a slot that went is dropped without a word', () => {
  staged.put(containerId, deliveryOf(containerId))
  removeSlot(paths)
  staged.drop(containerId)
  staged.drop(containerId)
})
