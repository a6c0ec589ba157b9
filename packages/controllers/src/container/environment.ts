import type { ContainerRecord, WorkloadSpec } from '@boilerhouse/resources'

const placeholder = /\$\{([^}]*)\}/g
const needsTenant = (name: string): boolean => name === 'tenantId' || name.startsWith('config.') || name.startsWith('secret:')

/** The variables that are known before a claim; those that hold a tenant's value come with the claim, of a parked workload. */
export function warmEnvironment(
  spec: WorkloadSpec,
  { id, poolId }: Pick<ContainerRecord, 'id' | 'poolId'>,
  allowed: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const fill = (name: string, whole: string): string => {
    if (name === 'containerId') return id
    if (name === 'poolId') return poolId
    return name.startsWith('env:') ? (allowed[name.slice('env:'.length)] ?? '') : whole
  }
  const entries = Object.entries(spec.environment)
    .filter(([, value]) => ![...value.matchAll(placeholder)].some((match) => needsTenant(match[1] ?? '')))
    .map(([name, value]) => [name, value.replace(placeholder, (whole, inner: string) => fill(inner, whole))] as const)
  return Object.fromEntries(entries)
}
