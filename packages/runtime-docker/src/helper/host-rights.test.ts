import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chownSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { noMetrics, systemClock, type ContainerId } from '@boilerhouse/base'

import { createEngine } from '../engine.ts'
import { runCommand } from '../host/run-command.ts'
import { labelFilter } from '../labels.ts'
import { createLayout } from '../layout.ts'
import { busybox, never, newInstallation } from '../test-fixture.ts'
import { createHelperImages } from './helper-image.ts'
import { findHostPrograms } from './host-programs.ts'
import { helperRights, type HostRights } from './host-rights.ts'

const installation = newInstallation()
const engine = createEngine({ clock: systemClock, metrics: noMetrics })
const container = 'c-one' as ContainerId
let root: string
let rights: HostRights

/** As another server process of the installation has them. */
function newRights(): HostRights {
  const [dataDir, slotsDir] = [join(root, 'data'), join(root, 'slots')]
  const layout = createLayout({ dataDir, hostDataDir: dataDir, slotsDir, hostSlotsDir: slotsDir })
  const images = createHelperImages({ engine, installation, busyboxPath: busybox })
  return helperRights({ engine, installation, images, layout, clock: systemClock })
}

const ours = async () => {
  const filters = labelFilter(installation)
  const [containers, images] = [
    await engine.docker.listContainers({ all: true, filters }),
    await engine.docker.listImages({ filters }),
  ]
  return { containers: containers.flatMap(({ Names }) => Names), images: images.length }
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'bh-helper-'))
  mkdirSync(join(root, 'data/volumes', container, 'state'), { recursive: true })
  mkdirSync(join(root, 'data/volumes', container, 'comm'))
  rights = newRights()
})
afterAll(async () => {
  await rights.remove(never)
  engine.close()
  rmSync(root, { recursive: true })
})

test('processes of one installation that need it at once make one helper, which lists the rules of the host', async () => {
  const listed = await Promise.all(
    [rights, newRights()].map((each) => each.run(['iptables', '-w', '10', '-S'], { signal: never })),
  )
  for (const { exitCode, stdout } of listed) expect([exitCode, stdout]).toEqual([0, expect.stringContaining('-P INPUT')])
  expect((await ours()).containers).toEqual([`/bh-${installation}-netadmin`])
}, 60_000)

test('rules that it writes, with the matches ours use, are those the host has', async () => {
  const chain = `BH-TEST-${installation}`
  const rules = [
    `-A ${chain} -i bhn+ -m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY -j ACCEPT`,
    `-A ${chain} -i bhu+ -m addrtype --dst-type LOCAL -j DROP`,
  ]
  const restore = (...lines: readonly string[]) =>
    rights.run(['iptables-restore', '--noflush', '-w', '10'], {
      signal: never,
      stdin: ['*filter', ...lines, 'COMMIT', ''].join('\n'),
    })
  expect((await restore(`:${chain} - [0:0]`, ...rules)).exitCode).toBe(0)
  const { stdout } = await runCommand(['iptables', '-w', '10', '-S', chain], { signal: never })
  expect(stdout.trim().split('\n')).toEqual([`-N ${chain}`, ...rules])
  expect((await restore(`-F ${chain}`, `-X ${chain}`)).exitCode).toBe(0)
}, 60_000)

test("it writes settings of the kernel's network and no others", async () => {
  const path = '/proc/sys/net/ipv4/ip_default_ttl'
  await rights.writeSetting(path, readFileSync(path, 'utf8').trim(), never)
  const name = readFileSync('/proc/sys/kernel/hostname', 'utf8').trim()
  await expect(rights.writeSetting('/proc/sys/kernel/hostname', name, never)).rejects.toThrow('Read-only')
  await expect(rights.writeSetting('/proc/sysrq-trigger', 'h', never)).rejects.toThrow()
}, 60_000)

test('one that was removed from outside is made again', async () => {
  await engine.docker.getContainer(`bh-${installation}-netadmin`).remove({ force: true })
  expect((await rights.run(['iptables', '--version'], { signal: never })).exitCode).toBe(0)
}, 60_000)

test('everything in one directory changes its owner, closed directories too; what a link points to does not', async () => {
  const state = join(root, 'data/volumes', container, 'state')
  mkdirSync(join(state, 'closed'), { mode: 0o700 })
  writeFileSync(join(state, 'closed/file'), 'x')
  for (const path of ['closed/file', 'closed', '']) chownSync(join(state, path), 1000, 0)
  writeFileSync(join(root, 'outside'), 'x')
  symlinkSync(join(root, 'outside'), join(state, 'link'))
  await rights.chown(state, 4242, never)
  for (const path of ['', 'closed', 'closed/file', 'link']) expect(lstatSync(join(state, path)).uid).toBe(4242)
  expect(lstatSync(join(root, 'outside')).uid).toBe(0)
  expect((await ours()).containers).toEqual([`/bh-${installation}-netadmin`])
}, 60_000)

test('a directory that cannot be given away is an error with the reason, and leaves no helper behind', async () => {
  await expect(rights.chown(join(root, 'missing'), 1000, never)).rejects.toThrow('missing')
  expect((await ours()).containers).toEqual([`/bh-${installation}-netadmin`])
}, 60_000)

test('what a container closed to the server is measured all the same', async () => {
  const closed = join(root, 'data/volumes', container, 'state/closed')
  writeFileSync(join(closed, 'large'), Buffer.alloc(3_000_000, 1))
  writeFileSync(join(root, 'data/volumes', container, 'comm/large'), Buffer.alloc(1_000_000, 1))
  const bytes = await rights.du(container, never)
  expect(bytes).toBeGreaterThan(4_000_000)
  expect(bytes).toBeLessThan(4_200_000)
}, 60_000)

test('a host without iptables is told what to do', async () => {
  await expect(findHostPrograms(never, '/nowhere')).rejects.toMatchObject({
    code: 'runtime.firewall_failed',
    remedy: expect.stringContaining('Install iptables'),
  })
})

test('nothing of it stays once it is removed', async () => {
  await rights.remove(never)
  expect(await ours()).toEqual({ containers: [], images: 0 })
}, 60_000)
