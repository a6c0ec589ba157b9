import { afterEach, expect, test } from 'bun:test'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { silentLogger, systemClock, type ContainerId, type TenantId, type WorkloadId } from '@boilerhouse/base'
import type { ContainerSpec, StateKey } from '@boilerhouse/runtime'
import { conformanceWorkload } from '@boilerhouse/runtime/conformance'
import * as fc from 'fast-check'

import { rootRights } from '../helper/host-rights.ts'
import { createOwnership } from '../ownership.ts'
import { createLayout } from '../layout.ts'
import { keptNameOf, keptPaths } from './state-moves.ts'
import type { VolumeNote } from './volume-note.ts'
import { createVolumeStore } from './volume-store.ts'

const never = new AbortController().signal
const key: StateKey = { tenantId: 'alice' as TenantId, workloadId: 'notes' as WorkloadId }
const first = 'c-first' as ContainerId
const second = 'c-second' as ContainerId
const roots: string[] = []
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true })
})

class Killed extends Error {}

function createHouse() {
  const root = mkdtempSync(join(tmpdir(), 'runtime-docker-state-'))
  roots.push(root)
  const layout = createLayout({
    dataDir: root,
    hostDataDir: root,
    slotsDir: join(root, 'slots'),
    hostSlotsDir: join(root, 'slots'),
  })
  const kept = keptPaths(layout, keptNameOf(key))
  const ownership = createOwnership({ layout })
  const state = (id: ContainerId) => join(layout.volumes(id), 'state')
  return {
    layout,
    ownership,
    kept,
    state,
    addContainer: (id: ContainerId, files: Readonly<Record<string, string>> = {}) => {
      mkdirSync(state(id), { recursive: true })
      for (const [name, text] of Object.entries(files)) writeFileSync(join(state(id), name), text)
    },
    /** Dies at step number `killAt`, and at every one after it: a dead process cleans nothing up. */
    open(killAt = Number.POSITIVE_INFINITY, owners = ownership) {
      let steps = 0
      const onStep = (step: string) => {
        if (++steps >= killAt) throw new Killed(step)
      }
      return {
        volumes: createVolumeStore({ layout, ownership: owners, clock: systemClock, log: silentLogger, onStep }),
        steps: () => steps,
      }
    },
    phase: (id: ContainerId): VolumeNote['phase'] | undefined => {
      const path = join(layout.volumes(id), 'note.json')
      return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as VolumeNote).phase : undefined
    },
    /** Every file below any directory a tenant's entry could be in, as `<text>`, with how often it is there. */
    texts: () => filesBelow(root).map((path) => readFileSync(path, 'utf8')),
  }
}

const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return filesBelow(path)
    return entry.isFile() && !/\.json$|lock/.test(entry.name) ? [path] : []
  })

const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'notes.md', '.hidden', '-rf', "it's", 'ä\n', 'state', 'entries'), {
  maxLength: 6,
})
const mine = (list: readonly string[], label: string) => Object.fromEntries(list.map((name) => [name, `${label}:${name}`]))
const sorted = (list: readonly string[]) => [...list].sort()

test('a keep that is killed at any step and repeated keeps every entry in exactly one place', async () => {
  await fc.assert(
    fc.asyncProperty(names, names, fc.integer({ min: 1, max: 30 }), fc.boolean(), async (files, older, killAt, byRemoval) => {
      const house = createHouse()
      house.addContainer(second, mine(older, 'older'))
      await house.open().volumes.agent(second).keep(key, never)
      house.addContainer(first, mine(files, 'newer'))
      await house
        .open(killAt)
        .volumes.agent(first)
        .keep(key, never)
        .catch(() => {})
      const all = sorted([...Object.values(mine(files, 'newer')), ...Object.values(mine(older, 'older'))])
      expect(sorted(house.texts())).toEqual(all)
      // What goes on may be the next keep, or the destroy that follows a keep somebody believes to be done.
      if (byRemoval && readdirSync(house.layout.volumes(first)).includes('note.json'))
        await house.open().volumes.remove(first, never)
      else expect(await house.open().volumes.agent(first).keep(key, never)).toEqual({ kept: files.length + older.length > 0 })
      expect(sorted(house.texts())).toEqual(all)
      for (const name of files) expect(readFileSync(join(house.kept.entries, name), 'utf8')).toBe(`newer:${name}`)
    }),
    { numRuns: 60 },
  )
}, 60_000)

test("files of another user are the server's where they are kept and the container's where it has them, whatever step a kill came at", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 16 }), async (keepKill, restoreKill) => {
      const [server, theirs] = [4242, 1000]
      const house = createHouse()
      const ownership = createOwnership({ layout: house.layout, rights: rootRights, uid: server })
      const open = (killAt = Number.POSITIVE_INFINITY) => house.open(killAt, ownership).volumes
      for (const id of [first, second]) {
        house.addContainer(id)
        await ownership.prepare(id, 'state', theirs, never)
      }
      mkdirSync(join(house.state(first), 'deep'))
      writeFileSync(join(house.state(first), 'deep/file'), 'tenant:file')
      await rootRights.chown(house.state(first), theirs, never)
      for (const volumes of [open(keepKill), open()])
        await volumes
          .agent(first)
          .keep(key, never)
          .catch(() => {})
      expect(lstatSync(join(house.kept.entries, 'deep/file')).uid).toBe(server)
      for (const volumes of [open(restoreKill), open()])
        await volumes
          .agent(second)
          .restore(key, never)
          .catch(() => {})
      for (const path of ['', 'deep', 'deep/file']) expect(lstatSync(join(house.state(second), path)).uid).toBe(theirs)
      expect(readFileSync(join(house.state(second), 'deep/file'), 'utf8')).toBe('tenant:file')
    }),
    { numRuns: 30 },
  )
}, 60_000)

test('a restore that is killed at any step and repeated, undone or begun elsewhere has every entry in exactly one place', async () => {
  const next = fc.constantFrom('again', 'elsewhere', 'keep', 'remove')
  await fc.assert(
    fc.asyncProperty(names, names, fc.integer({ min: 1, max: 30 }), next, async (files, warm, killAt, then) => {
      const house = createHouse()
      house.addContainer(first, mine(files, 'tenant'))
      await house.open().volumes.agent(first).keep(key, never)
      house.addContainer(second, mine(warm, 'warm'))
      await house
        .open(killAt)
        .volumes.agent(second)
        .restore(key, never)
        .catch(() => {})
      const isDone =
        readdirSync(house.layout.volumes(second)).includes('note.json') && !readdirSync(house.kept.root).includes('journal.json')
      const tenants = () => sorted(house.texts().filter((text) => text.startsWith('tenant:')))
      const all = sorted(Object.values(mine(files, 'tenant')))
      expect(tenants()).toEqual(all)
      if (then === 'again') {
        expect(await house.open().volumes.agent(second).restore(key, never)).toEqual({ restored: files.length > 0 })
        for (const name of files) expect(readFileSync(join(house.state(second), name), 'utf8')).toBe(`tenant:${name}`)
      } else if (then === 'elsewhere' && !isDone) {
        const third = 'c-third' as ContainerId
        house.addContainer(third)
        expect(await house.open().volumes.agent(third).restore(key, never)).toEqual({ restored: files.length > 0 })
        for (const name of files) expect(readFileSync(join(house.state(third), name), 'utf8')).toBe(`tenant:${name}`)
      } else if (then === 'keep' || !isDone) {
        if (then === 'keep') await house.open().volumes.agent(second).keep(key, never)
        else await house.open().volumes.remove(second, never)
        for (const name of files) expect(readFileSync(join(house.kept.entries, name), 'utf8')).toBe(`tenant:${name}`)
      }
      expect(tenants()).toEqual(all)
    }),
    { numRuns: 150 },
  )
}, 60_000)

test('a restore killed between its mark and the end of its journal is undone before its container is removed', async () => {
  const house = createHouse()
  house.addContainer(first, { a: 'tenant:a' })
  await house.open().volumes.agent(first).keep(key, never)
  house.addContainer(second)
  let isDead = false
  const onStep = (step: string) => {
    isDead ||= step === 'restore: marked'
    if (isDead) throw new Killed(step)
  }
  const dying = createVolumeStore({
    ownership: house.ownership,
    layout: house.layout,
    clock: systemClock,
    log: silentLogger,
    onStep,
  })
  await dying
    .agent(second)
    .restore(key, never)
    .catch(() => {})
  await house.open().volumes.remove(second, never)
  expect(readFileSync(join(house.kept.entries, 'a'), 'utf8')).toBe('tenant:a')
})

test('a keep that did not end, at whatever step and however often, can be discarded: then none of it is anywhere, and older files are', async () => {
  const kill = fc.integer({ min: 1, max: 20 })
  await fc.assert(
    fc.asyncProperty(names, names, kill, kill, kill, async (files, older, firstKill, secondKill, discardKill) => {
      const house = createHouse()
      house.addContainer(second, mine(older, 'older'))
      await house.open().volumes.agent(second).keep(key, never)
      house.addContainer(first, mine(files, 'newer'))
      let isKept = false
      for (const killAt of [firstKill, secondKill]) {
        const keeping = house.open(killAt).volumes.agent(first)
        await keeping.keep(key, never).catch(() => {})
        isKept ||= house.phase(first) === 'kept' && !existsSync(house.kept.journal)
      }
      const dying = house.open(discardKill).volumes.agent(first)
      await dying.discard(key, never).catch(() => {})
      await house.open().volumes.agent(first).discard(key, never)
      await house.open().volumes.remove(first, never)
      const newer = isKept ? Object.values(mine(files, 'newer')) : []
      expect(sorted(house.texts())).toEqual(sorted([...Object.values(mine(older, 'older')), ...newer]))
      expect(readdirSync(house.kept.root)).not.toContain('journal.json')
    }),
    { numRuns: 100 },
  )
}, 60_000)

test('files that were discarded after a keep that failed never come over those of a later claim', async () => {
  const house = createHouse()
  house.addContainer(first, { a: 'earlier' })
  mkdirSync(house.kept.root, { recursive: true })
  writeFileSync(house.kept.entries, 'in the way')
  const { volumes } = house.open()
  await expect(volumes.agent(first).keep(key, never)).rejects.toMatchObject({ code: 'state.keep_failed' })
  rmSync(house.kept.entries)
  house.addContainer(second, { a: 'later' })
  await volumes.agent(second).keep(key, never)
  await volumes.agent(first).discard(key, never)
  await volumes.remove(first, never)
  expect(house.texts()).toEqual(['later'])
  expect(readFileSync(join(house.kept.entries, 'a'), 'utf8')).toBe('later')
})

test('a restore that did not end can be discarded with all it would have brought', async () => {
  await fc.assert(
    fc.asyncProperty(names, names, fc.integer({ min: 1, max: 20 }), async (files, warm, killAt) => {
      const house = createHouse()
      house.addContainer(first, mine(files, 'tenant'))
      await house.open().volumes.agent(first).keep(key, never)
      house.addContainer(second, mine(warm, 'warm'))
      const restoring = house.open(killAt).volumes.agent(second)
      await restoring.restore(key, never).catch(() => {})
      const hasBegun = house.phase(second) === 'restored' || existsSync(house.kept.journal)
      await house.open().volumes.agent(second).discard(key, never)
      await house.open().volumes.remove(second, never)
      if (hasBegun) expect(house.texts()).toEqual([])
    }),
    { numRuns: 60 },
  )
}, 60_000)

test('a symbolic link that a tenant planted is kept and restored as a link, and what it points to is not touched', async () => {
  const house = createHouse()
  const outside = join(house.layout.dataDir, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'host.txt'), 'of the host')
  house.addContainer(first)
  symlinkSync(outside, join(house.state(first), 'link'))
  symlinkSync('/nowhere/at/all', join(house.state(first), 'dangling'))
  const { volumes } = house.open()
  expect(await volumes.agent(first).keep(key, never)).toEqual({ kept: true })
  house.addContainer(second)
  symlinkSync(outside, join(house.state(second), 'dangling'))
  expect(await volumes.agent(second).restore(key, never)).toEqual({ restored: true })
  expect(lstatSync(join(house.state(second), 'link')).isSymbolicLink()).toBe(true)
  expect(readlinkSync(join(house.state(second), 'dangling'))).toBe('/nowhere/at/all')
  await volumes.remove(second, never)
  expect(readFileSync(join(outside, 'host.txt'), 'utf8')).toBe('of the host')
})

test('a restore that fails is state.restore_failed and leaves every file kept', async () => {
  const house = createHouse()
  house.addContainer(first, { a: 'tenant:a', b: 'tenant:b' })
  await house.open().volumes.agent(first).keep(key, never)
  house.addContainer(second)
  let isBroken = true
  const onStep = (step: string) => {
    if (isBroken && step === 'restore: moved a') {
      isBroken = false
      throw new Error('the disk said no')
    }
  }
  const volumes = createVolumeStore({
    ownership: house.ownership,
    layout: house.layout,
    clock: systemClock,
    log: silentLogger,
    onStep,
  })
  await expect(volumes.agent(second).restore(key, never)).rejects.toMatchObject({ code: 'state.restore_failed' })
  expect(sorted(readdirSync(house.kept.entries))).toEqual(['a', 'b'])
  expect(readdirSync(house.state(second))).toEqual([])
})

test('a keep that fails leaves volume and kept files, and a destroy that cannot end it leaves the volume on disk, where no new container finds it', async () => {
  const house = createHouse()
  house.addContainer(first, { a: 'tenant:a' })
  mkdirSync(house.kept.root, { recursive: true })
  writeFileSync(house.kept.entries, 'in the way')
  const { volumes } = house.open()
  const failed = await volumes
    .agent(first)
    .keep(key, never)
    .catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 'state.keep_failed' })
  expect(String(failed)).not.toContain(house.layout.dataDir) // a tenant reads it
  mkdirSync(join(house.layout.volumes(first), 'comm'))
  await volumes.remove(first, never)
  expect(readFileSync(join(house.state(first), 'a'), 'utf8')).toBe('tenant:a')
  expect(existsSync(join(house.layout.volumes(first), 'comm'))).toBe(false)
  const spec = { containerId: first, workload: conformanceWorkload('sleep', 'i') } as ContainerSpec
  await expect(volumes.prepare(spec, never)).rejects.toMatchObject({ code: 'state.keep_failed' })
  rmSync(house.kept.entries)
  expect(await volumes.agent(first).keep(key, never)).toEqual({ kept: true })
})

test('keys that look alike do not share a directory', () => {
  const pair = (tenantId: string, workloadId: string) =>
    keptNameOf({ tenantId: tenantId as TenantId, workloadId: workloadId as WorkloadId })
  expect(pair('a-b', 'c')).not.toBe(pair('a', 'b-c'))
  expect(pair('../x', 'c')).toMatch(/^[0-9a-f]{64}$/)
})

test('a directory that is read-only to its owner is kept and restored too', async () => {
  const house = createHouse()
  house.addContainer(first)
  mkdirSync(join(house.state(first), 'sealed'))
  writeFileSync(join(house.state(first), 'sealed', 'x'), 'tenant:x')
  chmodSync(join(house.state(first), 'sealed'), 0o555)
  const { volumes } = house.open()
  await volumes.agent(first).keep(key, never)
  house.addContainer(second)
  await volumes.agent(second).restore(key, never)
  expect(readFileSync(join(house.state(second), 'sealed', 'x'), 'utf8')).toBe('tenant:x')
  expect(lstatSync(join(house.state(second), 'sealed')).mode & 0o777).toBe(0o555)
})

test('names that are not UTF-8 are kept, put aside and restored like any other', async () => {
  const house = createHouse()
  const odd = [Buffer.from([0x61, 0xff, 0x62]), Buffer.from('é\n'), Buffer.from([0xed, 0xa0, 0x80])]
  const put = (id: ContainerId, text: string) => {
    house.addContainer(id)
    for (const name of odd) writeFileSync(Buffer.concat([Buffer.from(`${house.state(id)}/`), name]), text)
  }
  const { volumes } = house.open()
  put(first, 'older')
  expect(await volumes.agent(first).keep(key, never)).toEqual({ kept: true })
  put(second, 'warm')
  expect(await volumes.agent(second).restore(key, never)).toEqual({ restored: true })
  for (const name of odd) {
    expect(readFileSync(Buffer.concat([Buffer.from(`${house.state(second)}/`), name]), 'utf8')).toBe('older')
  }
  expect(await volumes.agent(second).keep(key, never)).toEqual({ kept: true })
  expect(readdirSync(house.state(second))).toEqual([])
})

test('a journal of the former form, with names as text, is ended', async () => {
  const house = createHouse()
  house.addContainer(first)
  house.addContainer(second, { é: 'tenant:é' })
  mkdirSync(house.kept.entries, { recursive: true })
  const journal = { version: 1, operation: 'restore', containerId: second, names: ['é'] }
  writeFileSync(house.kept.journal, JSON.stringify(journal))
  expect(await house.open().volumes.agent(first).restore(key, never)).toEqual({ restored: true })
  expect(readFileSync(join(house.state(first), 'é'), 'utf8')).toBe('tenant:é')
})
