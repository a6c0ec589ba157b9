import type { Route } from './route.ts'
import { claimTenant } from './routes/claim-tenant.ts'
import { connectEvents, connectEventsAtRoot } from './routes/connect-events.ts'
import { createKey } from './routes/create-key.ts'
import { createPool } from './routes/create-pool.ts'
import { createProxyTicket } from './routes/create-proxy-ticket.ts'
import { createTicket } from './routes/create-ticket.ts'
import { createWorkload } from './routes/create-workload.ts'
import { deleteContainer } from './routes/delete-container.ts'
import { deleteKey } from './routes/delete-key.ts'
import { deletePool } from './routes/delete-pool.ts'
import { deleteWorkload } from './routes/delete-workload.ts'
import { execContainer } from './routes/exec-container.ts'
import { getBuildLog } from './routes/get-build-log.ts'
import { getContainerFile } from './routes/get-container-file.ts'
import { getContainerLogs } from './routes/get-container-logs.ts'
import { getContainer } from './routes/get-container.ts'
import { getDocs, getFaultPage } from './routes/get-docs.ts'
import { getDoctor, repairInstallation } from './routes/get-doctor.ts'
import { getHealth, getApiHealth } from './routes/get-health.ts'
import { getMetrics, getApiMetrics } from './routes/get-metrics.ts'
import { getOpenapi } from './routes/get-openapi.ts'
import { getPool } from './routes/get-pool.ts'
import { getSeries } from './routes/get-series.ts'
import { getSettings } from './routes/get-settings.ts'
import { getStats } from './routes/get-stats.ts'
import { getTenantStatus } from './routes/get-tenant-status.ts'
import { getTenant } from './routes/get-tenant.ts'
import { getWorkload } from './routes/get-workload.ts'
import { inspectImage } from './routes/inspect-image.ts'
import { listActivity } from './routes/list-activity.ts'
import { listContainers } from './routes/list-containers.ts'
import { listKeys } from './routes/list-keys.ts'
import { listPoolContainers } from './routes/list-pool-containers.ts'
import { listPools } from './routes/list-pools.ts'
import { listTenants } from './routes/list-tenants.ts'
import { listWorkloads } from './routes/list-workloads.ts'
import { putContainerFile } from './routes/put-container-file.ts'
import { releaseTenant } from './routes/release-tenant.ts'
import { scalePool } from './routes/scale-pool.ts'
import { streamEvents } from './routes/stream-events.ts'
import { touchTenant } from './routes/touch-tenant.ts'
import { updatePool } from './routes/update-pool.ts'
import { updateWorkload } from './routes/update-workload.ts'

/** Every operation there is. Server, OpenAPI document, command line and tests read this. */
export const routeTable: readonly Route[] = [
  claimTenant,
  connectEvents,
  connectEventsAtRoot,
  createKey,
  createPool,
  createProxyTicket,
  createTicket,
  createWorkload,
  deleteContainer,
  deleteKey,
  deletePool,
  deleteWorkload,
  execContainer,
  getBuildLog,
  getContainerFile,
  getContainerLogs,
  getContainer,
  getDocs,
  getFaultPage,
  getDoctor,
  repairInstallation,
  getHealth,
  getApiHealth,
  getMetrics,
  getApiMetrics,
  getOpenapi,
  getPool,
  getSeries,
  getSettings,
  getStats,
  getTenantStatus,
  getTenant,
  getWorkload,
  inspectImage,
  listActivity,
  listContainers,
  listKeys,
  listPoolContainers,
  listPools,
  listTenants,
  listWorkloads,
  putContainerFile,
  releaseTenant,
  scalePool,
  streamEvents,
  touchTenant,
  updatePool,
  updateWorkload,
]
