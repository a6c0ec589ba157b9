import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { newContainerId, systemClock, type Clock, type ContainerId, type PoolId } from '@boilerhouse/base'

import { createFactsCache } from './container-facts.ts'
import { createDiskMeter } from './disk-meter.ts'
import type { Engine } from './engine.ts'
import { rootRights } from './helper/host-rights.ts'
import { createHostView, type HostView } from './host-view.ts'
import { runCommand, type RunCommand } from './host/run-command.ts'
import { engineNameOf, labels } from './labels.ts'
import { createLayout, type Layout } from './layout.ts'
import { createIsolationWorld, type IsolationWorld } from './network/isolation-world.ts'
import { networkNameOf } from './network/network-name.ts'
import { createStats } from './stats.ts'

setDefaultTimeout(60_000)

const never = new AbortController().signal
let world: IsolationWorld
let directory: string
let layout: Layout
let poolId: PoolId
let engineCalls: string[]
let engine: Engine
let view: HostView

beforeAll(async () => {
  world = await createIsolationWorld({ networkCidr: '10.217.0.0/16' })
  directory = await mkdtemp(join(tmpdir(), 'bh-host-view-'))
  const [dataDir, slotsDir] = [join(directory, 'data'), join(directory, 'slots')]
  layout = createLayout({ dataDir, hostDataDir: dataDir, slotsDir, hostSlotsDir: slotsDir })
  await mkdir(layout.volumesDir, { recursive: true })
  await mkdir(layout.slotsDir, { recursive: true })
  poolId = await world.newPool('none')
  engineCalls = []
  engine = {
    ...world.engine,
    call: (call, action) => {
      engineCalls.push(call.name)
      return world.engine.call(call, action)
    },
  }
  view = createHostView({
    ...world,
    engine,
    layout,
    clock: systemClock,
    rights: rootRights,
    readWarnings: async () => ['a warning'],
    async destroy(containerId, signal) {
      const name = engineNameOf(world.installation, containerId)
      await world.engine.call({ name: 'remove', subject: 'container', signal }, (docker) =>
        docker
          .getContainer(name)
          .remove({ force: true })
          .catch(() => undefined),
      )
      await rm(layout.volumes(containerId), { recursive: true, force: true })
      await rm(layout.slot(containerId).root, { recursive: true, force: true })
    },
  })
})
afterAll(async () => {
  await view.close()
  await world[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

/** A container of ours that burns a little cpu and sleeps. */
async function start(command = 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; exec sleep 1000'): Promise<ContainerId> {
  const containerId = newContainerId(systemClock.nowMs())
  const { docker } = world.engine
  const container = await docker.createContainer({
    name: engineNameOf(world.installation, containerId),
    Image: `bh-test-${world.installation}:1`,
    Cmd: ['sh', '-c', command],
    Labels: {
      [labels.installation]: world.installation,
      [labels.container]: containerId,
      [labels.pool]: poolId,
      [labels.workload]: 'w',
    },
    HostConfig: { Init: true, NetworkMode: networkNameOf(world.installation, poolId, 'none') },
  })
  await container.start()
  await mkdir(join(layout.volumes(containerId), 'state'), { recursive: true })
  await mkdir(join(layout.volumes(containerId), 'comm'), { recursive: true })
  await mkdir(layout.slot(containerId).root, { recursive: true })
  return containerId
}
const engineContainer = (containerId: ContainerId) =>
  world.engine.docker.getContainer(engineNameOf(world.installation, containerId))

test("figures come from the host's files: the second sample makes no engine call", async () => {
  const ids = await Promise.all([start(), start(), start()])
  const first = await view.stats(ids, never)
  expect([...first.keys()].toSorted()).toEqual(ids.toSorted())
  for (const each of first.values()) {
    expect(each.memoryBytes).toBeGreaterThan(0)
    expect(each.cpuSeconds).toBeGreaterThan(0)
  }
  engineCalls.length = 0
  await view.stats(ids, never)
  expect(engineCalls).toEqual([])
})

test("the host's figures are the engine's own", async () => {
  const containerId = await start()
  await systemClock.sleep(300)
  const facts = createFactsCache({ engine: world.engine, installation: world.installation })
  const disk = { bytesOf: async () => new Map(), close: async () => {} }
  const ofHost = (await createStats({ engine: world.engine, facts, disk })([containerId], never)).get(containerId)
  const emptyProc = await mkdtemp(join(tmpdir(), 'bh-proc-'))
  const blind = { facts, disk, procDir: emptyProc }
  expect((await createStats({ engine: world.engine, ...blind })([containerId], never)).get(containerId)).toBeUndefined()
  // A host that shows processes but no cgroups: the engine is asked.
  const pid = (await facts.get(containerId, never))?.pid
  const engineId = (await facts.get(containerId, never))?.engineId
  await mkdir(join(emptyProc, String(pid)))
  await writeFile(join(emptyProc, String(pid), 'cgroup'), `0::/docker/${engineId}\n`)
  const ofEngine = (await createStats({ engine: world.engine, ...blind })([containerId], never)).get(containerId)
  await rm(emptyProc, { recursive: true })
  expect(Math.abs((ofHost?.cpuSeconds ?? 0) - (ofEngine?.cpuSeconds ?? -1))).toBeLessThan(0.1)
  expect(Math.abs((ofHost?.networkPackets ?? 0) - (ofEngine?.networkPackets ?? -1))).toBeLessThan(20)
  expect(ofEngine?.memoryBytes).toBeGreaterThan(0)
})

test('bytes on the interface are counted, ARP alone is told from traffic by its size', async () => {
  const containerId = await start('mkdir -p /tmp/www && exec httpd -f -p 8080 -h /tmp/www')
  const before = (await view.stats([containerId], never)).get(containerId)
  const ip = Object.values((await engineContainer(containerId).inspect()).NetworkSettings.Networks)[0]?.IPAddress
  await fetch(`http://${ip}:8080/`, { signal: AbortSignal.timeout(2000) })
  const after = (await view.stats([containerId], never)).get(containerId)
  const grown = (of: 'networkRxBytes' | 'networkTxBytes' | 'networkPackets') => (after?.[of] ?? 0) - (before?.[of] ?? 0)
  expect(grown('networkRxBytes')).toBeGreaterThan(100)
  expect(grown('networkTxBytes')).toBeGreaterThan(100)
  expect((grown('networkRxBytes') + grown('networkTxBytes')) / grown('networkPackets')).toBeGreaterThan(50)
})

test('a container started again under another pid is found again, one that ended is left out', async () => {
  const containerId = await start()
  await view.stats([containerId], never)
  await engineContainer(containerId).restart({ t: 0 })
  expect((await view.stats([containerId], never)).has(containerId)).toBe(true)
  await engineContainer(containerId).kill()
  expect((await view.stats([containerId], never)).has(containerId)).toBe(false)
})

test('disk use is the volumes, comm among them, and the writable layer together, and links out of them do not count', async () => {
  const containerId = await start('dd if=/dev/zero of=/layer bs=1024 count=2048 2>/dev/null; echo done > /done; exec sleep 1000')
  await writeFile(join(layout.volumes(containerId), 'state', 'file'), Buffer.alloc(1_000_000, 1))
  await writeFile(join(layout.volumes(containerId), 'comm', 'file'), Buffer.alloc(500_000, 1))
  await runCommand(['ln', '-s', '/usr', join(layout.volumes(containerId), 'state', 'link')], { signal: never })
  await systemClock.sleep(500)
  const facts = createFactsCache({ engine: world.engine, installation: world.installation })
  const meter = createDiskMeter({ rights: rootRights, layout, facts, clock: systemClock })
  let bytes: number | undefined
  for (let look = 0; look < 20 && bytes === undefined; look++)
    bytes = (await meter.bytesOf([containerId], never)).get(containerId)
  await meter.close()
  expect(bytes).toBeGreaterThan(3_500_000)
  expect(bytes).toBeLessThan(4_500_000)
})

test('disk is walked once in ten seconds, however often it is asked', async () => {
  let nowMs = 0
  const clock: Clock = { ...systemClock, monotonicMs: () => nowMs }
  let walks = 0
  const run: RunCommand = async () => {
    walks++
    return { exitCode: 1, stdout: '4096\t/a\n100\t/b\n', stderr: 'du: cannot access' }
  }
  const facts = { get: async () => undefined, forget: () => {} }
  const meter = createDiskMeter({ rights: rootRights, layout, facts, clock, run })
  const id = newContainerId(1)
  expect(await meter.bytesOf([id], never)).toEqual(new Map([[id, 4196]]))
  nowMs = 9_999
  await meter.bytesOf([id], never)
  expect(walks).toBe(1)
  nowMs = 10_000
  await meter.bytesOf([id], never)
  expect(walks).toBe(2)
})

test('a walk that never ends holds up no caller', async () => {
  const run: RunCommand = (_argv, { signal }) =>
    new Promise((resolve) => signal.addEventListener('abort', () => resolve({ exitCode: 143, stdout: '', stderr: '' })))
  const facts = { get: async () => undefined, forget: () => {} }
  const meter = createDiskMeter({ rights: rootRights, layout, facts, clock: systemClock, run })
  const before = systemClock.monotonicMs()
  expect((await meter.bytesOf([newContainerId(1)], never)).size).toBe(0)
  expect(systemClock.monotonicMs() - before).toBeLessThan(2000)
  await meter.close()
})

test('free space is that of the disk under data and images', async () => {
  const { stdout } = await runCommand(['df', '-B1M', '--output=avail', directory], { signal: never })
  const avail = Number(stdout.trim().split('\n')[1])
  expect(Math.abs((await view.freeMb(never)) - avail)).toBeLessThan(200)
})

test('the inventory names containers, directories and networks, and a sweep removes those that nobody knows', async () => {
  const [known, unknown] = await Promise.all([start(), start()])
  const orphan = newContainerId(systemClock.nowMs())
  await mkdir(layout.volumes(orphan))
  await mkdir(join(layout.volumesDir, 'not-ours'))
  const strange = await world.newPool('none')
  const inventory = await view.inventory(never)
  expect(inventory.containers).toContain(unknown)
  expect(inventory.volumes).toContain(orphan)
  expect(inventory.volumes).not.toContain('not-ours' as ContainerId)
  expect(inventory.networks.toSorted()).toEqual([poolId, strange].toSorted())
  expect(inventory).toMatchObject({ firewallDifferences: [], warnings: ['a warning'] })
  const removed = await view.sweep({ containers: new Set([known]), pools: new Set([poolId]) }, never)
  expect(removed).toContain(`container ${unknown}`)
  expect(removed).toContain(`container ${orphan}`)
  expect(removed).toContain(`network ${strange}`)
  expect(await readdir(layout.volumesDir)).toEqual(expect.arrayContaining([known, 'not-ours']))
  expect(await view.inventory(never)).toMatchObject({ containers: [known], networks: [poolId], slots: [known], volumes: [known] })
})

test('the inventory warns of files that no claim brings back', async () => {
  const aside = join(layout.keptDir, '0'.repeat(64), 'aside')
  await mkdir(join(aside, '0'), { recursive: true })
  const { warnings } = await view.inventory(never)
  await rm(layout.keptDir, { recursive: true })
  expect(warnings).toEqual(['a warning', expect.stringContaining(`kept/${'0'.repeat(64)}/aside holds older copies`)])
})
