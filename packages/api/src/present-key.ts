import type { Key, KeyRecord } from '@boilerhouse/resources'

import { toRfc3339 } from './present-time.ts'

/** Never the hash. */
export const presentKey = (record: KeyRecord): Key => ({
  id: record.id,
  name: record.name,
  role: record.role,
  ...(record.tenantId !== undefined && { tenantId: record.tenantId }),
  ...(record.pools !== undefined && { pools: [...record.pools] }),
  ...(record.expiresAt !== undefined && { expiresAt: toRfc3339(record.expiresAt) }),
  ...(record.requestsPerMinute !== undefined && { requestsPerMinute: record.requestsPerMinute }),
  createdAt: toRfc3339(record.createdAt),
  ...(record.revokedAt !== undefined && { revokedAt: toRfc3339(record.revokedAt) }),
  ...(record.lastUsedAt !== undefined && { lastUsedAt: toRfc3339(record.lastUsedAt) }),
})
