import { expect, test } from 'bun:test'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { cgroupDirsOf, parseCgroupMounts, readCgroupUsage } from './cgroup.ts'
import { parseNetDev } from './net-dev.ts'

const hybrid = [
  '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
  '33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct',
  '35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory',
  '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw',
].join('\n')

test('on a hybrid host figures come from the v1 hierarchies, wherever the engine was nested', () => {
  const process = '4:memory:/outer/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/docker/abc\n'
  expect(cgroupDirsOf(parseCgroupMounts(hybrid), process)).toEqual({
    version: 1,
    cpu: '/sys/fs/cgroup/cpu,cpuacct/docker/abc',
    memory: '/sys/fs/cgroup/memory/outer/docker/abc',
  })
})

test('on a v2 host figures come from the one hierarchy', () => {
  const mounts = parseCgroupMounts('30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate')
  expect(cgroupDirsOf(mounts, '0::/system.slice/docker-abc.scope\n')).toEqual({
    version: 2,
    all: '/sys/fs/cgroup/system.slice/docker-abc.scope',
  })
})

test('a host that shows no cgroups is told as such', () => {
  expect(cgroupDirsOf(new Map(), '0::/docker/abc\n')).toBeUndefined()
})

test('v2 figures are read in seconds and bytes, without the inactive page cache', async () => {
  const all = await mkdtemp(join(tmpdir(), 'bh-cgroup-'))
  try {
    await mkdir(all, { recursive: true })
    await writeFile(join(all, 'cpu.stat'), 'usage_usec 2500000\nuser_usec 1\nsystem_usec 1\n')
    await writeFile(join(all, 'memory.current'), '9000\n')
    await writeFile(join(all, 'memory.stat'), 'anon 1\nactive_file 7\ninactive_file 4000\n')
    expect(await readCgroupUsage({ version: 2, all })).toEqual({ cpuSeconds: 2.5, memoryBytes: 5000 })
  } finally {
    await rm(all, { recursive: true })
  }
})

test("this process's own figures are read from this host", async () => {
  const mounts = parseCgroupMounts(await readFile('/proc/self/mountinfo', 'utf8'))
  const dirs = cgroupDirsOf(mounts, await readFile('/proc/1/cgroup', 'utf8'))
  expect(dirs).toBeDefined()
})

test('interfaces are added up, loopback left out', () => {
  const text = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
    '    lo:   11873     101    0    0    0     0          0         0    11873     101    0    0    0     0       0          0',
    '  eth0: 1000 10 0 0 0 0 0 0 200 4 0 0 0 0 0 0',
    '  eth1:5 1 0 0 0 0 0 0 6 1 0 0 0 0 0 0',
  ].join('\n')
  expect(parseNetDev(text)).toEqual({ networkRxBytes: 1005, networkTxBytes: 206, networkPackets: 16 })
})
