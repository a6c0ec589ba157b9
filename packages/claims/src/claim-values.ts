import { Fault, type PoolId, type TenantId } from '@boilerhouse/base'
import { claimEnvironment, type ClaimRecord, type ClaimRequest, type WorkloadRecord } from '@boilerhouse/resources'

import type { ClaimsWorld } from './claims-deps.ts'
import { noPrivateValues, openValues, secretBytes, type PrivateValues } from './sealed-values.ts'

/** Everything a claim brings into its container. */
export interface ClaimValues extends PrivateValues {
  readonly config: Readonly<Record<string, unknown>>
  readonly metadata: Readonly<Record<string, string>>
}

const noValues: ClaimValues = { ...noPrivateValues, config: {}, metadata: {} }

/** The claim's own values, opened. */
export const valuesOf = (world: Pick<ClaimsWorld, 'box'>, claim: ClaimRecord): ClaimValues => ({
  config: claim.config ?? {},
  metadata: claim.metadata,
  ...openValues(world.box, claim),
})

/** What a request makes of a claim's values: each field it has replaces the former one, each it leaves out stays. */
export function withRequest(request: ClaimRequest, before: ClaimValues = noValues): ClaimValues {
  return {
    config: request.config ?? before.config,
    metadata: request.metadata ?? before.metadata,
    secrets: request.secrets ? secretBytes(request.secrets) : before.secrets,
    env: request.env ?? before.env,
  }
}

interface Checked {
  readonly tenantId: TenantId
  readonly poolId: PoolId
  readonly workload: WorkloadRecord
  readonly values: ClaimValues
}

/** As long as a real one: limits hold for it too. */
const someContainerId = 'c-00000000000000000000'

/** Before anything changes: throws `claim.env_unsupported`, `claim.config_invalid`, `request.invalid`. */
export function checkValues({ configSchemas, settings }: ClaimsWorld, { tenantId, poolId, workload, values }: Checked): void {
  const { spec } = workload
  if (spec.warmth === 'running' && Object.keys(values.env).length > 0) {
    throw new Fault('claim.env_unsupported', `Workload ${workload.id} runs before it is claimed: env cannot reach it`)
  }
  configSchemas.assert(spec.configSchema, values.config)
  if (spec.warmth === 'parked')
    environmentFor(settings.environment, workload, { tenantId, poolId, containerId: someContainerId }, values)
}

export const environmentFor = (
  allowedEnvironment: Readonly<Record<string, string>>,
  { spec }: WorkloadRecord,
  ids: { readonly tenantId: string; readonly poolId: string; readonly containerId: string },
  { config, secrets, env }: ClaimValues,
): Record<string, string> => claimEnvironment(spec, { ...ids, allowedEnvironment, config, secrets, env })
