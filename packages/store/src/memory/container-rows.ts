import type { ContainerRecord } from '@boilerhouse/resources'

import type { Writer } from './writer.ts'

/** Writes a changed container and keeps the index in step. */
export function putContainer(writer: Writer, old: ContainerRecord, changes: Partial<ContainerRecord>): ContainerRecord {
  const record = { ...old, ...changes, revision: old.revision + 1, updatedAt: writer.now() }
  writer.data.containers.set(old.id, record)
  writer.data.containerIndex.move(old.poolId, old.id, old.state, record.state)
  return record
}
