import type { ContainerRecord } from './records.ts'

/** Marks a container that we paused because it held more than its `diskMb`; one that is paused without it was paused from outside. */
export const diskExceededReason = 'disk_exceeded'

export const isDiskExceeded = ({ reason }: Pick<ContainerRecord, 'reason'>): boolean =>
  reason?.startsWith(diskExceededReason) === true
