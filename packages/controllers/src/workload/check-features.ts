import { networkNotAllowed, type WorkloadSpec } from '@boilerhouse/resources'
import type { RuntimeCapabilities } from '@boilerhouse/runtime'

/** What the workload asks of the engine or the operator and does not get, as a reason; undefined where it gets all. */
export function missingFeature(
  spec: WorkloadSpec,
  engine: RuntimeCapabilities,
  allowNetworks: readonly string[],
): string | undefined {
  const { runtime, runAsUser } = spec.security
  const network = networkNotAllowed(spec, allowNetworks)
  if (network !== undefined) return `workload.network_not_allowed: ${network} is not in BOILERHOUSE_ALLOW_NETWORKS`
  if (runtime !== undefined && !engine.ociRuntimes.includes(runtime))
    return `workload.feature_unavailable: the engine has no runtime ${runtime}`
  if (spec.resources.gpus !== undefined && !engine.gpus) return 'workload.feature_unavailable: the engine has no gpus'
  if (engine.cpus !== undefined && spec.resources.cpus > engine.cpus)
    return `workload.feature_unavailable: the host has ${engine.cpus} CPUs, ${spec.resources.cpus} are asked for`
  if (spec.build && !engine.build) return 'workload.feature_unavailable: the engine builds no images'
  if (!engine.canPrepareUser(runAsUser))
    return `workload.user_not_preparable: volumes of uid ${runAsUser} cannot be prepared here`
  return undefined
}
