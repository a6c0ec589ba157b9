import type { FieldFault } from '@boilerhouse/base'

import { environmentFaults } from './environment-limits.ts'
import { needsTenant, parseEnvironmentTemplate, referencesOf, type EnvironmentReference } from './environment-template.ts'
import { pointerOf } from './json-pointer.ts'
import { invalidRequest } from './validator.ts'
import type { WorkloadSpec } from './workload.ts'

/** What is known of a container before anybody claims it. */
export interface ContainerValues {
  readonly containerId: string
  readonly poolId: string
  /** The server's own variables that BOILERHOUSE_ENV_ALLOW lists. */
  readonly allowedEnvironment: Readonly<Record<string, string>>
}

/** What a claim adds. */
export interface TenantValues extends ContainerValues {
  readonly tenantId: string
  readonly config: Readonly<Record<string, unknown>>
  readonly secrets: ReadonlyMap<string, Uint8Array>
  /** The claim's `env`: stands above the workload's. */
  readonly env: Readonly<Record<string, string>>
}

type Spec = Pick<WorkloadSpec, 'environment'>

/** The variables that need no tenant, filled in: what a container is created with. */
export function containerEnvironment(spec: Spec, values: ContainerValues): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(spec.environment)) {
    const template = parseEnvironmentTemplate(value)
    if (referencesOf(template).some(needsTenant)) continue
    environment[name] = template.parts.map((part) => (typeof part === 'string' ? part : containerValue(part, values))).join('')
  }
  return environment
}

/**
 * The whole environment of a claim. Throws `request.invalid` where a value it needs is missing or cannot stand in an environment;
 * faults point into the claim's request and never hold a value.
 */
export function claimEnvironment(spec: Spec, values: TenantValues): Record<string, string> {
  const faults: FieldFault[] = []
  const environment: Record<string, string> = {}
  for (const [name, template] of Object.entries(spec.environment)) {
    environment[name] = parseEnvironmentTemplate(template)
      .parts.map((part) => (typeof part === 'string' ? part : tenantValue(part, values, name, faults)))
      .join('')
  }
  Object.assign(environment, values.env)
  faults.push(...environmentFaults(environment, '/env'))
  if (faults.length > 0) throw invalidRequest(faults)
  return environment
}

function containerValue(reference: EnvironmentReference, values: ContainerValues): string {
  if (reference.kind === 'containerId') return values.containerId
  if (reference.kind === 'poolId') return values.poolId
  return reference.kind === 'env' ? (ownText(values.allowedEnvironment, reference.name) ?? '') : ''
}

function tenantValue(reference: EnvironmentReference, values: TenantValues, variable: string, faults: FieldFault[]): string {
  const missing = (pointer: string, detail: string): string => {
    faults.push({ pointer, detail })
    return ''
  }
  if (reference.kind === 'tenantId') return values.tenantId
  if (reference.kind === 'config') {
    const value = at(values.config, reference.path)
    if (value === undefined) {
      return missing(pointerOf('config', ...reference.path), `is missing: the workload's variable ${variable} needs it`)
    }
    return typeof value === 'string' ? value : value === null ? '' : JSON.stringify(value)
  }
  if (reference.kind === 'secret') {
    const pointer = pointerOf('secrets', reference.name)
    const bytes = values.secrets.get(reference.name)
    if (!bytes) return missing(pointer, `is missing: the workload's variable ${variable} needs it`)
    return utf8(bytes) ?? missing(pointer, 'is no text and cannot stand in an environment: use a secret file')
  }
  return containerValue(reference, values)
}

function at(config: Readonly<Record<string, unknown>>, path: readonly string[]): unknown {
  let value: unknown = config
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

const ownText = (values: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(values, name) ? values[name] : undefined

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined // not text: the caller says so
  }
}
