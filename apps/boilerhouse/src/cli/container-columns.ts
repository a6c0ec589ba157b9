import type { Column } from './table.ts'

interface ContainerRow {
  readonly id: string
  readonly poolId: string
  readonly state: string
  readonly tenantId?: string
  readonly health: { readonly status: string }
  readonly reason?: string
  readonly createdAt: string
}

export const containerColumns: readonly Column<ContainerRow>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'POOL', value: ({ poolId }) => poolId },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'TENANT', value: ({ tenantId }) => tenantId },
  { title: 'HEALTH', value: ({ health }) => health.status },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'REASON', value: ({ reason }) => reason },
]
