import { Fault, type ContainerId } from '@boilerhouse/base'
import type { ContainerRecord, Principal } from '@boilerhouse/resources'
import type { Store } from '@boilerhouse/store'

/** The container, if it is there and the caller may know of it: another tenant's is not found, exactly as one that never was. */
export async function ownedContainer(store: Store, principal: Principal, id: string): Promise<ContainerRecord> {
  const record = await store.containers.get(id as ContainerId)
  const isVisible = record && (principal.role !== 'tenant' || record.tenantId === principal.tenantId)
  if (!isVisible) throw new Fault('container.not_found', `There is no container ${id}`)
  return record
}

/** As `ownedContainer`, for what needs the engine to have it. */
export async function runningContainer(store: Store, principal: Principal, id: string): Promise<ContainerRecord> {
  const record = await ownedContainer(store, principal, id)
  if (record.state === 'gone') throw new Fault('container.conflict', `Container ${id} is gone`)
  return record
}
