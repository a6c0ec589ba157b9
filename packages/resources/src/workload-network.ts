import type { WorkloadSpec } from './workload.ts'

/** Which network a workload's containers join. `host` and a named one only where the operator allows them. */
export type NetworkAccess = 'none' | 'unrestricted' | 'host' | { readonly named: string }

/** `security.networkMode`, Docker's word, stands above `network.access`: none; bridge is unrestricted; else host or a name. */
export function networkAccessOf({ network, security }: Pick<WorkloadSpec, 'network' | 'security'>): NetworkAccess {
  switch (security.networkMode) {
    case undefined:
      return network.access
    case 'none':
    case 'host':
      return security.networkMode
    case 'bridge':
      return 'unrestricted'
    default:
      return { named: security.networkMode }
  }
}

/** The network that needs the operator's leave and does not have it; undefined where all is well. */
export function networkNotAllowed(
  spec: Pick<WorkloadSpec, 'network' | 'security'>,
  allowNetworks: readonly string[],
): string | undefined {
  const access = networkAccessOf(spec)
  const name = typeof access === 'object' ? access.named : access
  if (name === 'none' || name === 'unrestricted') return typeof access === 'object' ? name : undefined
  // `container:<id>` would join a stranger's network namespace: no allow list can mean that.
  return allowNetworks.includes(name) && /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name) ? undefined : name
}
