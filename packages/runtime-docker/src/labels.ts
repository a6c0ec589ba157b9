import type { ContainerId, PoolId, WorkloadId } from '@boilerhouse/base'

/** Labels on everything of ours in the engine. Without the installation's own label nothing is ever seen or touched. */
export const labels = {
  installation: 'io.boilerhouse.installation',
  container: 'io.boilerhouse.container',
  pool: 'io.boilerhouse.pool',
  workload: 'io.boilerhouse.workload',
  generation: 'io.boilerhouse.generation',
  /** On our own helpers, which carry no container id: they are nobody's container. */
  helper: 'io.boilerhouse.helper',
} as const

export interface OurLabels {
  readonly containerId: ContainerId
  readonly poolId: PoolId
  readonly workloadId: WorkloadId
  readonly workloadGeneration: number
}

export const labelsOf = (installation: string, of: OurLabels): Record<string, string> => ({
  [labels.installation]: installation,
  [labels.container]: of.containerId,
  [labels.pool]: of.poolId,
  [labels.workload]: of.workloadId,
  [labels.generation]: String(of.workloadGeneration),
})

/** Undefined where the labels are not this installation's: the thing is not ours. */
export function readLabels(installation: string, found: Readonly<Record<string, string>> = {}): OurLabels | undefined {
  const containerId = found[labels.container]
  const poolId = found[labels.pool]
  const workloadId = found[labels.workload]
  if (found[labels.installation] !== installation || !containerId || !poolId || !workloadId) return undefined
  return {
    containerId: containerId as ContainerId,
    poolId: poolId as PoolId,
    workloadId: workloadId as WorkloadId,
    workloadGeneration: Number(found[labels.generation] ?? 0),
  }
}

/** Ids become part of names, URLs and paths: one with a separator is nobody's. */
export const isContainerId = (text: string): text is ContainerId => /^[a-z0-9-]{1,63}$/.test(text)

export const engineNameOf = (installation: string, containerId: ContainerId): string => `bh-${installation}-${containerId}`

/** For the engine's list calls: tenants' containers, without our own helpers. */
export const containerFilter = (installation: string): { label: string[] } => ({
  label: [`${labels.installation}=${installation}`, labels.container],
})

/** For the engine's list calls: everything of ours. */
export const labelFilter = (installation: string): { label: string[] } => ({ label: [`${labels.installation}=${installation}`] })
