import { expect, test } from 'bun:test'

import { newContainerId, systemClock, type Clock, type PoolId, type TenantId, type WorkloadId } from '@boilerhouse/base'

import { conformanceDelivery, conformanceSpec, conformanceWorkload } from '../conformance-subject.ts'
import type { RuntimeChange } from '../runtime.ts'
import { createFakeRuntime, type FakeRuntime } from './fake-runtime.ts'

const never = new AbortController().signal
const poolId = 'p' as PoolId
const key = { tenantId: 'alice' as TenantId, workloadId: 'w' as WorkloadId }

/** Time that passes only when a sleeper asks for it. */
function jumpingClock(): Clock {
  let nowMs = 1_000_000
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms) => void (nowMs += ms),
  }
}

async function world(clock = jumpingClock()) {
  const runtime = createFakeRuntime({ clock })
  const { imageId } = runtime.control.setImage('i')
  await runtime.ensureNetwork({ poolId, access: 'none', maxSize: 10, subnet: '10.1.0.0/24' }, never)
  const run = (from: FakeRuntime = runtime) => {
    const spec = conformanceSpec(newContainerId(systemClock.nowMs()), poolId, imageId, conformanceWorkload('sleep', 'i'))
    return from.ensure(spec, never)
  }
  return { runtime, control: runtime.control, clock, run }
}

test('a delivery makes no engine call, and the newest one is told', async () => {
  const { runtime, control, run } = await world()
  const { containerId } = await run()
  const before = control.engineCalls()
  await runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
  expect(control.engineCalls()).toBe(before)
  expect(control.calls('deliver')).toBe(1)
  expect(control.delivered(containerId)?.tenantId).toBe('alice@example.org' as TenantId)
})

test('while the engine is away its calls are runtime.unavailable, and slots still take deliveries', async () => {
  const { runtime, control, run } = await world()
  const { containerId } = await run()
  control.disconnect()
  expect(runtime.list(never)).rejects.toMatchObject({ code: 'runtime.unavailable' })
  expect(await runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)).toMatchObject({ isNew: true })
  control.reconnect()
  expect(await runtime.list(never)).toHaveLength(1)
})

test('watch tells disconnected and connected, and nothing of what happened between', async () => {
  const { runtime, control, run } = await world()
  const { containerId } = await run()
  const stop = new AbortController()
  const seen: RuntimeChange[] = []
  const watching = (async () => {
    for await (const change of runtime.watch(stop.signal)) seen.push(change)
  })()
  await Promise.resolve()
  control.disconnect()
  control.kill(containerId)
  control.reconnect()
  stop.abort()
  await watching
  expect(seen.map((change) => change.kind)).toEqual(['connected', 'disconnected', 'connected'])
  expect((await runtime.get(containerId, never))?.phase).toBe('exited')
})

test('a method told to fail fails as often as it was told, and then works', async () => {
  const { runtime, control } = await world()
  control.failNext('list', undefined, 2)
  await expect(runtime.list(never)).rejects.toMatchObject({ code: 'runtime.unavailable' })
  await expect(runtime.list(never)).rejects.toThrow()
  expect(await runtime.list(never)).toEqual([])
})

test('a start takes its delay of the given clock', async () => {
  const { control, clock, run } = await world()
  control.behaviour.startDelayMs = 700
  const before = clock.nowMs()
  await run()
  expect(clock.nowMs() - before).toBe(700)
})

test('a probe that hangs fails after its timeout', async () => {
  const { runtime, control, run } = await world()
  const { containerId, address = { hostPorts: {} } } = await run()
  control.setProbe(containerId, 'hang')
  const check = { tcp: { port: 8080 }, intervalMs: 1, timeoutMs: 250, retries: 1, startPeriodMs: 0 }
  expect(await runtime.probe(containerId, address, check, never)).toEqual({ ok: false, durationMs: 250, detail: 'timed out' })
})

test.each(['keep', 'restore'] as const)('a kill at any entry of %s loses nothing', async (kind) => {
  for (const killedAt of [0, 1, 2]) {
    const { runtime, control, run } = await world()
    const names = ['a', 'b', 'c']
    const first = await run()
    const write = (name: string) =>
      runtime.writeFile(first.containerId, `/state/${name}`, new Response(name).body ?? new ReadableStream(), 10, never)
    await Promise.all(names.map(write))
    let moved = 0
    control.behaviour.onMove = (step) => {
      if (step.kind === kind && moved++ === killedAt) throw new Error('killed')
    }
    await runtime
      .volumes(first.containerId)
      .keep(key, never)
      .catch(() => {})
    await runtime.volumes(first.containerId).keep(key, never)
    const second = await run()
    await runtime
      .volumes(second.containerId)
      .restore(key, never)
      .catch(() => {})
    const third = await run()
    await runtime.volumes(second.containerId).keep(key, never)
    expect([...control.kept(key)].sort()).toEqual(names)
    expect(await runtime.volumes(third.containerId).restore(key, never)).toEqual({ restored: true })
    expect(control.kept(key)).toEqual([])
  }
})

test('after a reboot containers have exited, slots are gone and volumes are there', async () => {
  const { runtime, control, run } = await world()
  const { containerId } = await run()
  control.reboot()
  expect((await runtime.get(containerId, never))?.phase).toBe('exited')
  const inventory = await runtime.inventory(never)
  expect(inventory).toMatchObject({ slots: [], volumes: [containerId] })
})

test('a runtime opened again on the engine sees what the former one left', async () => {
  const { runtime, run, clock } = await world()
  const { containerId } = await run()
  await runtime.close()
  const again = createFakeRuntime({ clock, engine: runtime.engine })
  expect(await again.get(containerId, never)).toMatchObject({ phase: 'running' })
})
