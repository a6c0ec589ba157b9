import { Fault, type FieldFault } from '@boilerhouse/base'

import { configSchemaFaults } from './config-schema.ts'
import { containerPathFaults } from './container-paths.ts'
import { environmentFaults } from './environment-limits.ts'
import { needsTenant, parseEnvironmentTemplate, referencesOf, type EnvironmentReference } from './environment-template.ts'
import { isImageReference } from './image-reference.ts'
import { pointerOf } from './json-pointer.ts'
import { isLinuxCapability } from './linux-capabilities.ts'
import { invalidRequest } from './validator.ts'
import { networkNotAllowed } from './workload-network.ts'
import type { WorkloadSpec } from './workload.ts'

/** What the operator allows; from settings. */
export interface WorkloadPolicy {
  /** BOILERHOUSE_ALLOW_NETWORKS */
  readonly allowNetworks: readonly string[]
  /** Names in BOILERHOUSE_ENV_ALLOW. */
  readonly allowEnvironment: readonly string[]
}

/** Names that stand beside the ports in a claim's endpoints. */
const reservedPortNames = ['proxy', 'socket']

/** What the schema of a workload cannot say, by pointer. Needs no engine: the image and its user are checked by the controller. */
export function workloadFaults(spec: WorkloadSpec, policy: WorkloadPolicy): readonly FieldFault[] {
  const network = networkNotAllowed(spec, policy.allowNetworks)
  return [
    ...sourceFaults(spec),
    ...capabilityFaults(spec),
    ...portFaults(spec),
    ...probeFaults(spec),
    ...containerPathFaults(spec),
    ...(spec.volumes.secrets?.mode === 'rw'
      ? [{ pointer: '/volumes/secrets/mode', detail: 'must be ro: secrets are delivered, never written' }]
      : []),
    ...templateFaults(spec, policy),
    ...environmentFaults(spec.environment, '/environment'),
    ...(spec.configSchema ? configSchemaFaults(spec.configSchema, '/configSchema') : []),
    ...(network === undefined ? [] : [{ pointer: networkPointer, detail: `${network} is not in BOILERHOUSE_ALLOW_NETWORKS` }]),
  ]
}

const networkPointer = '/security/networkMode'

/** Throws `workload.network_not_allowed` where only the network is at fault, `request.invalid` for everything else. */
export function assertWorkload(spec: WorkloadSpec, policy: WorkloadPolicy): void {
  const errors = workloadFaults(spec, policy)
  const [first] = errors
  if (!first) return
  if (!errors.every(({ pointer }) => pointer === networkPointer)) throw invalidRequest(errors)
  throw new Fault('workload.network_not_allowed', first.detail, { errors })
}

function sourceFaults({ image, build }: WorkloadSpec): readonly FieldFault[] {
  if (image !== undefined && build !== undefined) return [{ pointer: '/build', detail: 'excludes image: give one of the two' }]
  if (image === undefined && build === undefined) return [{ pointer: '/image', detail: 'is missing: give image or build' }]
  return image === undefined || isImageReference(image)
    ? []
    : [{ pointer: '/image', detail: 'must be an image as engines name them: [host/]name[:tag][@digest], the name in lower case' }]
}

const capabilityFaults = ({ security }: WorkloadSpec): readonly FieldFault[] =>
  security.capabilities.flatMap((name, index) =>
    isLinuxCapability(name)
      ? []
      : [{ pointer: pointerOf('security', 'capabilities', index), detail: `must be a capability of Linux, got ${name}` }],
  )

function portFaults({ ports }: WorkloadSpec): readonly FieldFault[] {
  return ports.flatMap(({ name }, index) => {
    const pointer = pointerOf('ports', index, 'name')
    if (reservedPortNames.includes(name)) return [{ pointer, detail: `must not be ${name}: a claim's endpoints use the name` }]
    return ports.findIndex((port) => port.name === name) < index ? [{ pointer, detail: `repeats ${name}` }] : []
  })
}

/** A probe may ask a port that is not among `ports`: it comes from inside and needs nothing published. */
function probeFaults({ healthCheck }: WorkloadSpec): readonly FieldFault[] {
  if (!healthCheck) return []
  const kinds = (['command', 'http', 'tcp'] as const).filter((kind) => healthCheck[kind] !== undefined)
  return kinds.length === 1
    ? []
    : [
        {
          pointer: '/healthCheck',
          detail: `must have exactly one of command, http and tcp, got ${kinds.join(' and ') || 'none'}`,
        },
      ]
}

function templateFaults({ environment, warmth }: WorkloadSpec, policy: WorkloadPolicy): readonly FieldFault[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    const pointer = pointerOf('environment', name)
    const template = parseEnvironmentTemplate(value)
    const references = referencesOf(template)
    const faults = template.unknown.map((written) => ({
      pointer,
      detail: `holds ${written}, which is not known: ${knownReferences}`,
    }))
    for (const reference of references) {
      const detail = referenceFault(reference, warmth, policy)
      if (detail !== undefined) faults.push({ pointer, detail })
    }
    return faults
  })
}

const knownReferences =
  'use ${tenantId}, ${containerId}, ${poolId}, ${config.a.b}, ${secret:NAME} or ${env:NAME}, and $${ for a plain ${'

function referenceFault(
  reference: EnvironmentReference,
  warmth: WorkloadSpec['warmth'],
  policy: WorkloadPolicy,
): string | undefined {
  if (reference.kind === 'env' && !policy.allowEnvironment.includes(reference.name)) {
    return `uses \${env:${reference.name}}, which BOILERHOUSE_ENV_ALLOW does not list`
  }
  if (warmth === 'running' && needsTenant(reference)) {
    return 'uses a value of the tenant, but the program already runs before the claim: set `warmth: parked`, or read the value from /boilerhouse/config.json or /boilerhouse/secrets'
  }
  return undefined
}
