import type { ContainerRecord } from './records.ts'

const removed = 'removed by '
const failing = '; its removal fails: '

/** Why a container goes that somebody asked to remove: who, and what becomes of what is in it. */
export const removedBy = (actor: string, isForced: boolean): string =>
  `${removed}${actor}${isForced ? ', with force: its files go too' : ''}`

/** Somebody asked for its end: that says nothing about its workload. */
export const isRemoved = ({ reason }: Pick<ContainerRecord, 'reason'>): boolean => reason?.startsWith(removed) === true

/** A container that drains for longer is stuck: people have to see it. */
export const stuckRemovalMs = 60_000

/** The reason of a container that drains, with what the engine last said against its removal. */
export const withRemovalFault = (reason: string | undefined, fault: string): string =>
  `${(reason ?? '').split(failing)[0]}${failing}${fault}`

/** What the engine last said against its removal, where that was written down; see `stuckRemoval`. */
const removalFault = ({ reason }: Pick<ContainerRecord, 'reason'>): string | undefined => reason?.split(failing)[1]

/** Why a container still drains after `stuckRemovalMs`; undefined where it does not. Writing the fault down begins the time anew. */
export function stuckRemoval(row: Pick<ContainerRecord, 'state' | 'reason' | 'updatedAt'>, now: number): string | undefined {
  if (row.state !== 'draining') return undefined
  const fault = removalFault(row)
  return fault ?? (now - row.updatedAt > stuckRemovalMs ? 'the engine has not answered yet' : undefined)
}
