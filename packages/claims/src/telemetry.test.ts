import type { MetricName, Metrics, Tracer } from '@boilerhouse/base'
import { expect, test } from 'bun:test'

import { codeOf } from './fault-code.fixture.ts'
import { createWorld } from './world.fixture.ts'

function recorder() {
  const seen: string[] = []
  const note = (name: MetricName, labels: object) => void seen.push([name, ...Object.values(labels)].join(' '))
  const metrics: Metrics = { count: note, gauge: note, observe: note }
  const spans: string[] = []
  const tracer: Tracer = { span: (name, _attributes, action) => (spans.push(name), action()) }
  return { seen, spans, deps: { metrics, tracer } }
}

test('claims, releases, phases and transitions are counted and traced', async () => {
  const { seen, spans, deps } = recorder()
  using world = await createWorld({ warm: 1, deps })
  await world.claim('alice')
  await world.claim('alice')
  expect(await codeOf(world.claim('alice', { poolId: 'none' }))).toBe('pool.not_found')
  await world.release('alice')
  for (const line of [
    'claims_total pool ok',
    'claims_total existing ok',
    'claims_total none pool.not_found',
    'claim_duration_seconds pool',
    'claim_phase_seconds bind',
    'claim_phase_seconds deliver',
    'transitions_total container bound',
    'transitions_total claim active',
    'transitions_total claim released',
    'releases_total ok',
    'release_duration_seconds',
  ]) {
    expect(seen).toContain(line)
  }
  expect(spans.slice(0, 5)).toEqual(['claim', 'claim.bind', 'claim.bind', 'claim.deliver', 'claim.activate'])
  expect(spans).toContain('release')
})

test('every transition of a claim and its container writes exactly one event', async () => {
  using world = await createWorld({ warm: 1, workload: { volumes: { state: { containerPath: '/data' } } } })
  await world.claim('alice')
  await world.release('alice')
  await world.until(() => world.saw('container.destroyed').length > 0)
  expect(world.events.map(({ type }) => type)).toEqual([
    'container.created',
    'container.warm',
    'container.claimed',
    'claim.restoring',
    'claim.active',
    'claim.releasing',
    'claim.released',
    'container.released',
    'container.destroyed',
  ])
  const [claimed] = world.saw('container.claimed')
  expect(claimed).toMatchObject({
    actor: 'key:test',
    tenantId: 'alice',
    poolId: 'demo',
    data: { source: 'pool', resources: { memoryMb: 512 } },
  })
})
