import type { ContainerId, PoolId } from '@boilerhouse/base'
import { isLiveClaim, stuckRemoval, type ClaimRecord, type ContainerRecord, type ContainerState } from '@boilerhouse/resources'
import type { RuntimeContainer, RuntimeInventory } from '@boilerhouse/runtime'

/** One way in which two of engine, database, slots and firewall disagree. */
export interface Difference {
  readonly code:
    | 'engine.unknown_container'
    | 'engine.missing_container'
    | 'engine.not_running'
    | 'engine.unknown_network'
    | 'slots.unknown'
    | 'slots.missing'
    | 'volumes.unknown'
    | 'claim.without_container'
    | 'claim.container_of_another'
    | 'container.without_claim'
    | 'container.removal_stuck'
    | 'tenant.two_containers'
    | 'firewall.changed'
  readonly subject: string
  readonly detail: string
  /** True where `doctor --repair` (or the next pass of a controller) mends it. */
  readonly isRepairable: boolean
}

export interface World {
  /** All that are not `gone`. */
  readonly containers: readonly ContainerRecord[]
  readonly claims: readonly ClaimRecord[]
  readonly pools: readonly PoolId[]
  readonly engine: readonly RuntimeContainer[]
  readonly inventory: RuntimeInventory
  /** Epoch ms. */
  readonly now: number
}

/** States whose container the engine must run. */
const running: ReadonlySet<ContainerState> = new Set(['warm', 'bound', 'unhealthy'])

/** Compares without I/O. A settled system has no differences; while controllers work there may be some for a moment. */
export function compareWorld(world: World): readonly Difference[] {
  return [
    ...engineDifferences(world),
    ...directoryDifferences(world),
    ...claimDifferences(world),
    ...removalDifferences(world),
    ...wallDifferences(world),
  ]
}

function engineDifferences({ containers, engine }: World): Difference[] {
  const rows = new Map(containers.map((row) => [row.id, row]))
  const there = new Map(engine.map((container) => [container.containerId, container]))
  const unknown = engine
    .filter(({ containerId }) => !rows.has(containerId))
    .map(({ containerId }) =>
      difference('engine.unknown_container', `container/${containerId}`, 'The engine has it, the database does not.', true),
    )
  const missing = containers
    .filter(({ id, state }) => running.has(state) && !there.has(id))
    .map(({ id, state }) =>
      difference('engine.missing_container', `container/${id}`, `The database says ${state}, the engine does not have it.`, true),
    )
  const stopped = containers.flatMap(({ id, state }) => {
    const phase = there.get(id)?.phase
    if (!running.has(state) || phase === undefined || phase === 'running') return []
    return [
      difference(
        'engine.not_running',
        `container/${id}`,
        `The database says ${state}, the engine says ${phase}.`,
        phase !== 'paused',
      ),
    ]
  })
  return [...unknown, ...missing, ...stopped]
}

function directoryDifferences({ containers, inventory, pools, engine }: World): Difference[] {
  const known = new Set<ContainerId>([...containers.map(({ id }) => id), ...engine.map(({ containerId }) => containerId)])
  const slots = new Set(inventory.slots)
  const poolIds = new Set(pools)
  return [
    ...inventory.slots
      .filter((id) => !known.has(id))
      .map((id) => difference('slots.unknown', `container/${id}`, 'A slot without a container.', true)),
    ...containers
      .filter(({ id, state }) => running.has(state) && !slots.has(id))
      .map(({ id }) => difference('slots.missing', `container/${id}`, 'Its slot is gone: nothing can be delivered to it.', true)),
    ...inventory.volumes
      .filter((id) => !known.has(id))
      .map((id) => difference('volumes.unknown', `container/${id}`, 'Volumes without a container.', true)),
    ...inventory.networks
      .filter((id) => !poolIds.has(id))
      .map((id) => difference('engine.unknown_network', `pool/${id}`, 'A network without a pool.', true)),
  ]
}

function claimDifferences({ claims, containers }: World): Difference[] {
  const rows = new Map(containers.map((row) => [row.id, row]))
  const live = claims.filter(({ state }) => isLiveClaim(state))
  const claimIds = new Set(live.map(({ id }) => id))
  const pairs = live.flatMap((claim): Difference[] => {
    if (claim.containerId === undefined) return []
    const row = rows.get(claim.containerId)
    if (!row)
      return [difference('claim.without_container', `claim/${claim.id}`, `Its container ${claim.containerId} is gone.`, true)]
    if (row.claimId === claim.id) return []
    return [
      difference(
        'claim.container_of_another',
        `claim/${claim.id}`,
        `Its container ${row.id} names claim ${row.claimId ?? 'none'}.`,
        false,
      ),
    ]
  })
  const orphans = containers
    .filter(({ state, claimId }) => state === 'bound' && (claimId === undefined || !claimIds.has(claimId)))
    .map(({ id }) => difference('container.without_claim', `container/${id}`, 'Bound, but no live claim refers to it.', true))
  return [...pairs, ...orphans, ...twice(live)]
}

function twice(live: readonly ClaimRecord[]): Difference[] {
  const seen = new Map<string, ClaimRecord>()
  return live.flatMap((claim) => {
    const key = JSON.stringify([claim.tenantId, claim.poolId])
    const other = seen.get(key)
    seen.set(key, claim)
    return other
      ? [
          difference(
            'tenant.two_containers',
            `claim/${claim.id}`,
            `Claim ${other.id} is live for the same tenant and pool.`,
            false,
          ),
        ]
      : []
  })
}

/** The controllers try each again and again: what is in the way needs a person. */
const removalDifferences = ({ containers, now }: World): Difference[] =>
  containers.flatMap((row) => {
    const fault = stuckRemoval(row, now)
    return fault === undefined
      ? []
      : [difference('container.removal_stuck', `container/${row.id}`, `It is not removed for over a minute: ${fault}.`, false)]
  })

const wallDifferences = ({ inventory }: World): Difference[] =>
  inventory.firewallDifferences.map((detail) => difference('firewall.changed', 'firewall', detail, true))

const difference = (code: Difference['code'], subject: string, detail: string, isRepairable: boolean): Difference => ({
  code,
  subject,
  detail,
  isRepairable,
})
