import type { ClaimId, ContainerId, PoolId, TenantId, WorkloadId } from '@boilerhouse/base'
import { withRemovalFault, type ContainerRecord } from '@boilerhouse/resources'
import type { RuntimeContainer } from '@boilerhouse/runtime'
import { expect, test } from 'bun:test'

import { claimRow, containerRow } from '../pool/rows.fixture.ts'
import { compareWorld, type World } from './compare-world.ts'

const id = (name: string) => name as ContainerId
const poolId = 'p' as PoolId
const workloadId = 'w' as WorkloadId

const container = (name: string, state: ContainerRecord['state'], claimId?: string) =>
  containerRow({ id: id(name), poolId, workloadId, state, ...(claimId === undefined ? {} : { claimId: claimId as ClaimId }) })

const claim = (name: string, tenant: string, containerId: string) =>
  claimRow({ id: name as ClaimId, tenantId: tenant as TenantId, poolId, workloadId, containerId: id(containerId) })

const engine = (name: string, phase: RuntimeContainer['phase'] = 'running'): RuntimeContainer => ({
  containerId: id(name),
  poolId,
  workloadId,
  workloadGeneration: 1,
  phase,
  isConnected: true,
})

const settled: World = {
  containers: [container('a', 'warm'), container('b', 'bound', 'k')],
  claims: [claim('k', 't', 'b')],
  pools: [poolId],
  engine: [engine('a'), engine('b')],
  inventory: {
    containers: [id('a'), id('b')],
    networks: [poolId],
    slots: [id('a'), id('b')],
    volumes: [id('a')],
    firewallDifferences: [],
    warnings: [],
  },
  now: 1_000_000,
}

const codes = (world: Partial<World>) => compareWorld({ ...settled, ...world }).map(({ code }) => code)

test('a settled world has no differences', () => {
  expect(compareWorld(settled)).toEqual([])
})

test('a container that only the engine has is told', () => {
  expect(codes({ engine: [...settled.engine, engine('x')] })).toEqual(['engine.unknown_container'])
})

test('a container that only the database has is told, unless it is still starting or going', () => {
  expect(codes({ engine: [engine('b')] })).toEqual(['engine.missing_container'])
  expect(
    codes({
      containers: [...settled.containers, container('s', 'starting'), { ...container('d', 'draining'), updatedAt: 999_000 }],
    }),
  ).toEqual([])
})

test('a container that the engine stopped under its row is told', () => {
  expect(codes({ engine: [engine('a', 'exited'), engine('b')] })).toEqual(['engine.not_running'])
})

test('slots, volumes and networks that nobody owns are told, and a slot that is missing', () => {
  const inventory = { ...settled.inventory, slots: [id('a'), id('x')], volumes: [id('y')], networks: [poolId, 'q' as PoolId] }
  expect(codes({ inventory })).toEqual(['slots.unknown', 'slots.missing', 'volumes.unknown', 'engine.unknown_network'])
})

test('one container with two owners, and one tenant with two containers, are told', () => {
  expect(codes({ claims: [...settled.claims, claim('k2', 'u', 'b')] })).toEqual(['claim.container_of_another'])
  expect(codes({ claims: [...settled.claims, claim('k2', 't', 'a')] })).toEqual([
    'claim.container_of_another',
    'tenant.two_containers',
  ])
})

test('a bound container without a live claim is told', () => {
  expect(codes({ claims: [] })).toEqual(['container.without_claim'])
})

test('a container that drains for over a minute is told, with what the engine said', () => {
  const drains = (row: Partial<ContainerRecord>) =>
    compareWorld({ ...settled, containers: [...settled.containers, { ...container('d', 'draining'), ...row }] })
  const [silent, ...none] = drains({ updatedAt: 939_999 })
  expect([silent?.code, silent?.subject, silent?.isRepairable, none.length]).toEqual([
    'container.removal_stuck',
    'container/d',
    false,
    0,
  ])
  const [told] = drains({ updatedAt: 999_999, reason: withRemovalFault('idle above minSize', 'runtime.engine_failed: busy') })
  expect(told?.detail).toContain('runtime.engine_failed: busy')
  expect(drains({ updatedAt: 940_000 })).toEqual([])
})

test('a wall that was changed is told', () => {
  const inventory = { ...settled.inventory, firewallDifferences: ['INPUT: the jump is gone'] }
  expect(codes({ inventory })).toEqual(['firewall.changed'])
})
