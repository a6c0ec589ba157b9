import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { silentLogger, systemClock, type ContainerId } from '@boilerhouse/base'
import type { StateKey } from '@boilerhouse/runtime'

import { createLayout, type Layout } from '../layout.ts'
import { createOwnership } from '../ownership.ts'
import { filesLeftBehind } from './left-behind.ts'
import { keptNameOf, keptPaths } from './state-moves.ts'
import { createVolumeStore } from './volume-store.ts'

const never = new AbortController().signal
const key = { tenantId: 'alice', workloadId: 'notes' } as StateKey
const [first, second] = ['c-first', 'c-second'] as unknown as [ContainerId, ContainerId]
let root: string
let layout: Layout
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'runtime-docker-left-'))
  layout = createLayout({ dataDir: root, hostDataDir: root, slotsDir: join(root, 's'), hostSlotsDir: join(root, 's') })
})
afterEach(() => rmSync(root, { recursive: true }))

const volumes = () => createVolumeStore({ layout, ownership: createOwnership({ layout }), clock: systemClock, log: silentLogger })
function addContainer(id: ContainerId): void {
  mkdirSync(join(layout.volumes(id), 'state'), { recursive: true })
  writeFileSync(join(layout.volumes(id), 'state/a'), id)
}
const told = (containers: readonly ContainerId[] = []) => filesLeftBehind(layout, { volumes: [first, second], containers })

test('nothing is told of what is kept, claimed or thrown away', async () => {
  addContainer(first)
  expect(await told()).toEqual([])
  await volumes().agent(first).keep(key, never)
  expect(await told()).toEqual([])
  await volumes().agent(first).restore(key, never)
  await volumes().agent(first).discard(key, never)
  expect(await told()).toEqual([])
})

test('a volume whose files could not be kept is told once its container is gone, with whose they are, and no longer once they are kept', async () => {
  addContainer(first)
  const { entries } = keptPaths(layout, keptNameOf(key))
  mkdirSync(join(entries, '..'), { recursive: true })
  writeFileSync(entries, 'in the way')
  await expect(volumes().agent(first).keep(key, never)).rejects.toMatchObject({ code: 'state.keep_failed' })
  expect(await told([first])).toEqual([])
  await volumes().remove(first, never)
  expect(await told()).toEqual([
    'volumes/c-first/state holds files of tenant alice for workload notes that could not be kept, and its container is gone',
  ])
  rmSync(entries)
  await volumes().remove(first, never)
  expect(await told()).toEqual([])
})

test('older copies that a keep put aside are told as long as they are there', async () => {
  for (const id of [first, second]) {
    addContainer(id)
    await volumes().agent(id).keep(key, never)
  }
  const aside = `kept/${keptNameOf(key)}/aside`
  expect(await told()).toEqual([
    `${aside} holds older copies of files of tenant alice for workload notes, which no claim brings back`,
  ])
  rmSync(join(root, aside), { recursive: true })
  expect(await told()).toEqual([])
})
