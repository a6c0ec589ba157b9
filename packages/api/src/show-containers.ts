import type { WorkloadId } from '@boilerhouse/base'
import type { Container, ContainerRecord, WorkloadSpec } from '@boilerhouse/resources'
import type { Page, Store } from '@boilerhouse/store'

import { presentContainer } from './present-container.ts'

/** A page of records as the API shows it; each workload is read once. */
export async function showContainers(page: Page<ContainerRecord>, store: Store): Promise<Page<Container>> {
  const specs = new Map<WorkloadId, WorkloadSpec | undefined>()
  for (const { workloadId } of page.items) {
    if (!specs.has(workloadId)) specs.set(workloadId, (await store.workloads.get(workloadId))?.spec)
  }
  return { ...page, items: page.items.map((record) => presentContainer(record, specs.get(record.workloadId))) }
}
