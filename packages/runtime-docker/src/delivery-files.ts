import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { Fault } from '@boilerhouse/base'
import { secretNamePattern } from '@boilerhouse/resources'
import type { Delivery } from '@boilerhouse/runtime'

import type { SlotPaths } from './layout.ts'

const secretName = new RegExp(secretNamePattern)

/** Each file of the box with its content, in the order they are put there: the mark is last. Throws `request.invalid` for a name that is no file name. */
export function deliveryFiles(delivery: Delivery): readonly (readonly [name: string, content: string | Uint8Array])[] {
  for (const name of delivery.secrets.keys()) requireFileName(name)
  return [
    ...[...delivery.secrets].map(([name, value]) => [join('secrets', name), value] as const),
    ['config.json', JSON.stringify(delivery.config)],
    ['claim.json', JSON.stringify(claimFacts(delivery))],
  ]
}

/** Names of what a former delivery left in the box, and this one has not. */
export const otherSecrets = (paths: SlotPaths, { secrets }: Delivery): readonly string[] =>
  readdirSync(paths.secrets).filter((name) => !secrets.has(name))

function requireFileName(name: string): void {
  if (secretName.test(name)) return
  throw new Fault('request.invalid', `Cannot deliver the secret ${JSON.stringify(name)}: its name is not a file name`)
}

const claimFacts = (delivery: Delivery) => ({
  claimId: delivery.claimId,
  revision: delivery.revision,
  tenantId: delivery.tenantId,
  poolId: delivery.poolId,
  containerId: delivery.containerId,
  claimedAt: delivery.claimedAt,
  metadata: delivery.metadata,
  secrets: [...delivery.secrets.keys()].sort(),
})
