import { systemClock, type WorkloadId } from '@boilerhouse/base'
import type { EventRecord, WorkloadSpec } from '@boilerhouse/resources'
import { expect, test } from 'bun:test'

import { CatalogueCache } from './catalogue-cache.ts'
import { createMemoryStore } from './memory/memory-store.ts'

const id = 'w' as WorkloadId
const spec = {} as WorkloadSpec
const updated = { type: 'workload.updated', subject: 'workload/w' } as EventRecord

function cached(freshMs?: number) {
  let nowMs = 0
  let reads = 0
  const clock = { ...systemClock, monotonicMs: () => nowMs }
  const { workloads, pools } = createMemoryStore({ clock })
  const get = (of: WorkloadId) => {
    reads += 1
    return workloads.get(of)
  }
  return {
    workloads,
    cache: new CatalogueCache({ store: { pools, workloads: { ...workloads, get } }, clock, ...(freshMs ? { freshMs } : {}) }),
    reads: () => reads,
    pass: (ms: number) => void (nowMs += ms),
  }
}

test('what was read is remembered until an event tells of a change, however many ask at once', async () => {
  const { cache, workloads, reads, pass } = cached()
  await workloads.create({ id, spec }, {})
  await Promise.all(Array.from({ length: 20 }, () => cache.workload(id)))
  pass(1e9)
  expect([(await cache.workload(id))?.generation, reads()]).toEqual([1, 1])
  await workloads.update(id, spec, {})
  expect((await cache.workload(id))?.generation).toBe(1)
  cache.learn(updated)
  expect([(await cache.workload(id))?.generation, reads()]).toEqual([2, 2])
})

test('a change that no event told of is seen after freshMs', async () => {
  const { cache, workloads, pass } = cached(2_000)
  await workloads.create({ id, spec }, {})
  await cache.workload(id)
  await workloads.update(id, spec, {})
  pass(1_999)
  expect((await cache.workload(id))?.generation).toBe(1)
  pass(1)
  expect((await cache.workload(id))?.generation).toBe(2)
})

test('what is missing is asked for again', async () => {
  const { cache, workloads } = cached()
  expect(await cache.workload(id)).toBeUndefined()
  await workloads.create({ id, spec }, {})
  expect((await cache.workload(id))?.id).toBe(id)
})
