import { isDeepStrictEqual } from 'node:util'

import { Fault, isFault } from '@boilerhouse/base'
import type { ClaimRecord, ClaimRequest } from '@boilerhouse/resources'

import { settled } from './activate.ts'
import { checkValues, valuesOf, withRequest, type ClaimValues } from './claim-values.ts'
import type { ClaimsWorld } from './claims-deps.ts'
import { deliverClaim, type Bond } from './deliver.ts'
import { claimEvent, reasonOf, type Run } from './run.ts'
import { sealValues } from './sealed-values.ts'

/** Stands as the reason of an active claim until its newest revision is delivered, so that a crash in between is seen. */
const delivering = 'delivering'

export const isUpdatePending = (claim: ClaimRecord): boolean => claim.state === 'active' && claim.reason === delivering

/**
 * A claim that its tenant holds, asked for again: where config, secrets or metadata differ it is delivered anew (revision + 1,
 * postClaim again). Throws `claim.env_fixed` where the env differs: the program has started with the former one.
 */
export async function updateClaim(world: ClaimsWorld, run: Run, bond: Bond, request: ClaimRequest): Promise<ClaimRecord> {
  const { claim, workload } = bond
  const before = valuesOf(world, claim)
  const values = withRequest(request, before)
  const changed = changedFields(before, values)
  if (changed.length === 0 && claim.reason === undefined) return claim
  checkValues(world, { tenantId: claim.tenantId, poolId: claim.poolId, workload, values })
  if (!isDeepStrictEqual(values.env, before.env)) {
    throw new Fault('claim.env_fixed', `The program of claim ${claim.id} has started with its environment`)
  }
  if (changed.length === 0) return redeliverClaim(world, run, bond)
  const sealed = sealValues(world.box, claim.id, values)
  const revision = claim.revision + 1
  const patch = {
    revision,
    config: values.config,
    metadata: values.metadata,
    secretNames: [...values.secrets.keys()],
    sealed,
    reason: delivering,
    lastActivityAt: world.clock.nowMs(),
  }
  const event = claimEvent('claim.updated', { ...claim, revision }, run, { changed })
  const options = { event, expectedRevision: claim.revision }
  const updated = settled(await run.timings.phase('bind', () => world.store.claims.patch(claim.id, ['active'], patch, options)))
  return redeliverClaim(world, run, { ...bond, claim: updated })
}

/** Delivers the newest revision of an active claim, and clears the mark that it was not. */
export async function redeliverClaim(world: ClaimsWorld, run: Run, bond: Bond): Promise<ClaimRecord> {
  const { claims } = world.store
  try {
    await deliverClaim(world, run, bond, 'started')
  } catch (error) {
    // Only the tenant's next claim tries a failed hook again, never a loop.
    if (isFault(error, 'claim.hook_failed')) await claims.patch(bond.claim.id, ['active'], { reason: reasonOf(error) }, {})
    throw error
  }
  return settled(
    await claims.patch(bond.claim.id, ['active'], { reason: undefined }, { lazy: true, expectedRevision: bond.claim.revision }),
  )
}

function changedFields(before: ClaimValues, after: ClaimValues): readonly string[] {
  const same = {
    config: isDeepStrictEqual(before.config, after.config),
    metadata: isDeepStrictEqual(before.metadata, after.metadata),
    secrets: isDeepStrictEqual(plain(before.secrets), plain(after.secrets)),
    env: isDeepStrictEqual(before.env, after.env),
  }
  return Object.entries(same).flatMap(([field, isSame]) => (isSame ? [] : [field]))
}

const plain = (secrets: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries([...secrets].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]))
