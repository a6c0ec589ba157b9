import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Fault, type WorkloadId } from '@boilerhouse/base'
import { fakeImage } from '@boilerhouse/runtime'

import type { World } from '../world.ts'
import { openWorlds } from './open-world.ts'

const openWorld = openWorlds()
const status = async (world: World, id = 'echo') => (await world.store.workloads.get(id as WorkloadId))?.status

let workloadsDir = ''
beforeAll(async () => {
  workloadsDir = await realpath(await mkdtemp(join(tmpdir(), 'workloads-')))
  for (const name of ['a', 'b', 'c']) await mkdir(join(workloadsDir, name))
})
afterAll(() => rm(workloadsDir, { recursive: true }))
const built = (context: string) => ({ image: undefined, build: { context } }) as never

/** Links are followed by the real file system, whose time the world does not know. */
async function really(world: World, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1_000 && !(await isSo()); i++) {
    await Bun.sleep(2)
    await world.settle()
  }
}

describe('workloads', () => {
  test('one whose image is there is ready, with the image that containers start from', async () => {
    const world = await openWorld()
    await world.workload()
    await world.settle()
    expect(await status(world)).toEqual({ state: 'ready', imageId: 'sha256:fake-echo:1' })
    expect((await world.events()).map((event) => event.type)).toContain('workload.ready')
  })
  test('one whose image is missing is in error, told once, and is ready soon after the image was loaded', async () => {
    const world = await openWorld()
    await world.workload({ image: 'late:1' })
    await world.pool()
    await world.advance(600_000)
    expect((await status(world))?.reason).toStartWith('runtime.image_not_found')
    expect(await world.events(['workload.error'])).toHaveLength(1)
    expect(world.control.calls('inspectImage')).toBeLessThan(20)
    world.control.setImage('late:1')
    await world.advance(61_000)
    expect(await world.counts()).toEqual({ warm: 3 })
  })
  test('one whose image was built anew under its tag is looked up again at the next start, and its pool fills from the new one', async () => {
    const world = await openWorld()
    await world.workload()
    await world.pool()
    world.control.failNext('ensure', () => new Fault('runtime.image_not_found', 'No such image: sha256:old'), 10)
    world.control.setImage('echo:1', { imageId: 'sha256:new' })
    await world.advance(5_000)
    expect(await status(world)).toEqual({ state: 'ready', imageId: 'sha256:new' })
    world.control.failNext('ensure', undefined, 0)
    await world.advance(70_000)
    expect(await world.counts()).toEqual({ warm: 3 })
  })
  test('an engine that does not answer is no error of the workload', async () => {
    const world = await openWorld()
    world.control.disconnect()
    await world.workload()
    await world.advance(30_000)
    expect(await status(world)).toEqual({ state: 'creating' })
    world.control.reconnect()
    await world.advance(31_000)
    expect((await status(world))?.state).toBe('ready')
  })
  test('an engine that refuses to look the image up is the reason why a workload is not ready yet, and none once it is', async () => {
    const world = await openWorld()
    world.control.failNext('inspectImage', () => new Fault('runtime.engine_failed', 'inspect echo:1: layer does not exist'), 5)
    await world.workload()
    await world.advance(2_000)
    const reason = 'runtime.engine_failed: inspect echo:1: layer does not exist'
    expect(await status(world)).toEqual({ state: 'creating', reason })
    await world.advance(30_000)
    expect(await status(world)).toEqual({ state: 'ready', imageId: 'sha256:fake-echo:1' })
    expect(await world.events(['workload.error'])).toEqual([])
  })
  test('what the engine does not have is told', async () => {
    const world = await openWorld()
    const security = { readOnlyRootFilesystem: true, runAsUser: 1000, capabilities: [], init: true }
    await world.workload({ security: { ...security, runtime: 'kata' } })
    await world.workload({ security: { ...security, networkMode: 'host' } }, 'host')
    await world.workload({ resources: { cpus: 1000, memoryMb: 64, pids: 64, diskMb: 64 } }, 'wide')
    await world.settle()
    expect((await status(world))?.reason).toStartWith('workload.feature_unavailable')
    expect((await status(world, 'host'))?.reason).toStartWith('workload.network_not_allowed')
    expect((await status(world, 'wide'))?.reason).toStartWith('workload.feature_unavailable: the host has 64 CPUs')
  })
  test('builds run one after another, and their log is kept as it comes', async () => {
    const world = await openWorld({ settings: { workloadsDir } })
    let [now, most] = [0, 0]
    world.engine.behaviour.onBuild = ({ workloadId, onLog }) => {
      most = Math.max(most, ++now)
      onLog('Step 1\n')
      onLog('Step 2\n')
      now--
      return fakeImage(`sha256:${workloadId}`)
    }
    world.control.setLatency('build', 1_000)
    for (const name of ['a', 'b', 'c']) await world.workload(built(name), name)
    for (const calls of [1, 2, 3]) {
      await really(world, () => world.control.calls('build') === calls)
      expect(world.control.calls('build')).toBe(calls)
      await world.advance(1_000)
    }
    for (const name of ['a', 'b', 'c']) expect(await status(world, name)).toEqual({ state: 'ready', imageId: `sha256:${name}` })
    expect(await world.store.workloads.buildLog('a' as WorkloadId)).toBe('Step 1\nStep 2\n')
    expect(most).toBe(1)
  })
  test('a build that fails is an error with its reason, and is not tried again until the spec changes', async () => {
    const world = await openWorld({ settings: { workloadsDir } })
    world.engine.behaviour.onBuild = () => {
      throw new Fault('runtime.build_failed', 'RUN make: exit code 2')
    }
    await world.workload(built('a'))
    await really(world, () => world.control.calls('build') === 1)
    await world.advance(600_000)
    expect((await status(world))?.reason).toBe('runtime.build_failed: RUN make: exit code 2')
    expect(world.control.calls('build')).toBe(1)
    world.engine.behaviour.onBuild = () => fakeImage('sha256:right')
    await world.workload({ image: undefined, build: { context: 'a' }, command: ['x'] } as never)
    await really(world, async () => (await status(world))?.state === 'ready')
    expect((await status(world))?.state).toBe('ready')
  })
  test('a build context outside the directory is refused', async () => {
    const world = await openWorld({ settings: { workloadsDir } })
    await world.workload(built('../../etc'))
    await really(world, async () => (await status(world))?.state === 'error')
    expect((await status(world))?.reason).toStartWith('workload.context_outside')
    expect(world.control.calls('build')).toBe(0)
  })
  test('a build that a crash interrupted is begun again', async () => {
    const world = await openWorld({ settings: { workloadsDir } })
    world.control.setLatency('build', 60_000)
    await world.workload(built('a'))
    await really(world, () => world.control.calls('build') === 1)
    world.crash()
    await world.restart()
    await really(world, async () => (await status(world))?.state === 'ready')
    expect((await status(world))?.state).toBe('ready')
  })
})
