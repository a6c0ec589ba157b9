import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { silentLogger, systemClock, type ContainerId, type TenantId, type WorkloadId } from '@boilerhouse/base'
import type { ContainerSpec } from '@boilerhouse/runtime'

import { createLayout } from '../layout.ts'
import { createOwnership } from '../ownership.ts'
import { rootRights } from '../helper/host-rights.ts'
import { workloadOf } from '../test-fixture.ts'
import { createVolumeStore } from '../volumes/volume-store.ts'
import { limitVolumes } from './limited-volumes.ts'
import { limitBlock, openProjectQuota, projectFor, type ProjectQuota } from './project-quota.ts'

const mebibyte = 1024 * 1024
const never = new AbortController().signal
const run = (...argv: string[]) => {
  const { exitCode, stdout, stderr } = Bun.spawnSync(argv)
  return { exitCode, text: `${stdout.toString()}${stderr.toString()}` }
}

/**
 * A file system with project quotas: one that is given (see the README for a kernel that runs as a process), else one in a file.
 * Many small kernels are built without them, and then say so at the mount.
 */
const given = process.env['BOILERHOUSE_TEST_QUOTA_DIR']
let root: string
let refusal: string | undefined
let quota: ProjectQuota | undefined

beforeAll(() => {
  root = mkdtempSync(join(given ?? tmpdir(), 'quota-'))

  if (given === undefined) refusal = mountInFile(root)
  chmodSync(root, 0o755)
  quota = openProjectQuota(root)
})
afterAll(() => {
  quota?.close()
  if (given === undefined && refusal === undefined) run('umount', root)
  rmSync(root, { recursive: true })
  rmSync(`${root}.img`, { force: true })
})

function mountInFile(directory: string): string | undefined {
  const image = `${directory}.img`
  run('truncate', '-s', '64M', image)
  run('mkfs.ext4', '-q', '-F', '-O', 'quota,project', '-E', 'quotatype=prjquota', image)
  const mounted = run('mount', '-o', 'loop,prjquota', image, directory)
  return mounted.exitCode === 0 ? undefined : mounted.text
}

test('a quota is offered exactly where the file system enforces one', () => {
  expect(quota === undefined).toBe(refusal !== undefined)
  // A kernel that cannot is no reason to say that a file system can.
  expect(openProjectQuota('/proc')).toBeUndefined()
})

test('a limit is written as the kernel reads it: KiB, inodes, and that both are meant', () => {
  const view = new DataView(limitBlock(64 * mebibyte).buffer)
  expect([view.byteLength, view.getBigUint64(0, true), view.getBigUint64(24, true), view.getUint32(64, true)]).toEqual([
    72,
    65_536n,
    16_384n,
    5,
  ])
  expect(new Uint8Array(limitBlock(0)).slice(0, 64).every((byte) => byte === 0)).toBe(true)
})

test('a project is chosen by its name, far from those that an engine counts up', () => {
  const projects = ['c-1', 'c-2', 'c-3'].map(projectFor)
  expect(new Set(projects).size).toBe(3)
  for (const project of projects) expect(project).toBeGreaterThanOrEqual(0x4000_0000)
  for (const project of projects) expect(project).toBeLessThan(0x8000_0000)
})

/** As a container's user does: without the right to pass a limit. */
const fill = (path: string, megabytes: number) =>
  run(
    'setpriv',
    '--reuid=1000',
    '--regid=1000',
    '--clear-groups',
    'dd',
    'if=/dev/zero',
    `of=${path}`,
    'bs=1M',
    `count=${megabytes}`,
  )

function volume(held: ProjectQuota, name: string, megabytes: number): string {
  const directory = join(root, name)
  mkdirSync(directory)
  held.limit(directory, name, megabytes * mebibyte)
  mkdirSync(join(directory, 'state'))
  chownSync(join(directory, 'state'), 1000, 1000)
  return join(directory, 'state')
}

describe('where the kernel can', () => {
  /** Told by the first test where it cannot: then there is nothing to hold a limit. */
  const held = (name: string, body: (quota: ProjectQuota) => void | Promise<void>) =>
    test(name, async () => {
      if (quota) await body(quota)
      else expect(refusal).toContain('mount')
    })

  held('whoever writes past the limit is told that there is no space, and others go on', (quota) => {
    const full = volume(quota, 'full', 4)
    const { exitCode, text } = fill(join(full, 'big'), 8)
    expect(exitCode).not.toBe(0)
    expect(text).toMatch(/No space left|quota exceeded/i)
    expect(fill(join(volume(quota, 'other', 4), 'small'), 2).exitCode).toBe(0)
    expect(quota.usedBytes(quota.projectOf(full) ?? 0)).toBeLessThanOrEqual(4 * mebibyte)
  })

  held('files go from a volume to where they are kept and into another volume, by rename, and count there', async (quota) => {
    const [first, second, kept] = [volume(quota, 'first', 4), volume(quota, 'second', 4), join(root, 'kept')]
    mkdirSync(kept)
    mkdirSync(join(first, 'deep'))
    chownSync(join(first, 'deep'), 1000, 1000)
    expect(fill(join(first, 'deep/data'), 2).exitCode).toBe(0)
    symlinkSync('/etc/passwd', join(first, 'link'))
    for (const name of ['deep', 'link']) renameSync(join(first, name), join(kept, name))

    // As it stands the kernel refuses: the entries belong to another project.
    expect(() => renameSync(join(kept, 'deep'), join(second, 'deep'))).toThrow('EXDEV')
    quota.setInherited(second, false)
    for (const name of ['deep', 'link']) renameSync(join(kept, name), join(second, name))
    quota.setInherited(second, true)
    await quota.adopt(second, never)

    const project = quota.projectOf(second) ?? 0
    expect(quota.projectOf(join(second, 'deep'))).toBe(project)
    expect(quota.usedBytes(project)).toBeGreaterThanOrEqual(2 * mebibyte)
    expect(fill(join(second, 'deep/more'), 3).exitCode).not.toBe(0)
    expect(readFileSync('/etc/passwd', 'utf8')).not.toBe('')
  })

  held('a project is not given to another while files of it are kept, and is free after', (quota) => {
    const state = volume(quota, 'mine', 4)
    const project = quota.projectOf(state)
    writeFileSync(join(state, 'a'), 'kept')
    renameSync(join(state, 'a'), join(root, 'a'))
    rmSync(join(root, 'mine'), { recursive: true })
    if (project !== undefined) quota.free(project)
    expect(quota.projectOf(volume(quota, 'mine', 4))).not.toBe(project)
    rmSync(join(root, 'a'))
    rmSync(join(root, 'mine'), { recursive: true })
    expect(existsSync(join(root, 'mine'))).toBe(false)
  })

  held("a tenant's files are kept and restored between limited volumes, and count for the new one", async (quota) => {
    const dirs = { dataDir: root, hostDataDir: root, slotsDir: join(root, 'slots'), hostSlotsDir: join(root, 'slots') }
    const layout = createLayout(dirs)
    const deps = { layout, clock: systemClock, log: silentLogger, ownership: createOwnership({ layout, rights: rootRights }) }
    const volumes = limitVolumes(createVolumeStore(deps), { quota, layout, log: silentLogger })
    const specOf = (containerId: string) =>
      ({
        containerId,
        workload: workloadOf({
          resources: { cpus: 1, memoryMb: 64, pids: 64, diskMb: 4 },
          volumes: { state: { containerPath: '/data', mode: 'rw' } },
        }),
      }) as ContainerSpec
    const [first, second] = ['c-1', 'c-2'] as ContainerId[]
    if (!first || !second) throw new Error('two containers')
    const key = { tenantId: 'alice' as TenantId, workloadId: 'w' as WorkloadId }
    for (const id of [first, second]) await volumes.prepare(specOf(id), never)
    writeFileSync(join(layout.volumes(first), 'state/mine'), Buffer.alloc(2 * mebibyte))
    symlinkSync('mine', join(layout.volumes(first), 'state/link'))
    await volumes.agent(first).keep(key, never)
    await volumes.remove(first, never)
    expect(await volumes.agent(second).restore(key, never)).toEqual({ restored: true })
    expect(quota.usedBytes(quota.projectOf(layout.volumes(second)) ?? 0)).toBeGreaterThanOrEqual(2 * mebibyte)
    expect(readlinkSync(join(layout.volumes(second), 'state/link'))).toBe('mine')
    await volumes.agent(second).keep(key, never)
    await volumes.remove(second, never)
  })
})
