import { claimPatches } from './claims/claim-patches.ts'
import { claimTransitions } from './claims/claim-transitions.ts'
import { keptAsGiven } from './claims/kept-as-given.ts'
import { listsAndPruning } from './claims/lists-and-pruning.ts'
import { oneClaimATenant } from './claims/one-claim-a-tenant.ts'
import { oneOwnerAContainer } from './claims/one-owner-a-container.ts'
import { quotaAndFiles } from './claims/quota-and-files.ts'
import { recovery } from './claims/recovery.ts'
import type { StoreUnderTest } from './store-under-test.ts'

/** What the port promises of claims: each idea is a file of `claims/`. */
export function claimConformance(at: StoreUnderTest): void {
  oneOwnerAContainer(at)
  oneClaimATenant(at)
  quotaAndFiles(at)
  keptAsGiven(at)
  claimTransitions(at)
  claimPatches(at)
  listsAndPruning(at)
  recovery(at)
}
