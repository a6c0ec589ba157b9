import type { Command } from './cli/command.ts'
import { activityList } from './commands/activity-list.ts'
import { backupCreate } from './commands/backup-create.ts'
import { backupRestore } from './commands/backup-restore.ts'
import { completion } from './commands/completion.ts'
import { containerDelete } from './commands/container-delete.ts'
import { containerExec } from './commands/container-exec.ts'
import { containerGet } from './commands/container-get.ts'
import { containerList } from './commands/container-list.ts'
import { containerLogs } from './commands/container-logs.ts'
import { containerRead } from './commands/container-read.ts'
import { containerWrite } from './commands/container-write.ts'
import { doctor } from './commands/doctor.ts'
import { eventWatch } from './commands/event-watch.ts'
import { imageInspect } from './commands/image-inspect.ts'
import { keyCreate } from './commands/key-create.ts'
import { keyDelete } from './commands/key-delete.ts'
import { keyList } from './commands/key-list.ts'
import { poolContainers } from './commands/pool-containers.ts'
import { poolCreate } from './commands/pool-create.ts'
import { poolDelete } from './commands/pool-delete.ts'
import { poolGet } from './commands/pool-get.ts'
import { poolList } from './commands/pool-list.ts'
import { poolScale } from './commands/pool-scale.ts'
import { poolUpdate } from './commands/pool-update.ts'
import { seriesGet } from './commands/series-get.ts'
import { serve } from './commands/serve.ts'
import { serverHealth } from './commands/server-health.ts'
import { serverMetrics } from './commands/server-metrics.ts'
import { serverOpenapi } from './commands/server-openapi.ts'
import { serverSettings } from './commands/server-settings.ts'
import { serverStats } from './commands/server-stats.ts'
import { tenantClaim } from './commands/tenant-claim.ts'
import { tenantGet } from './commands/tenant-get.ts'
import { tenantList } from './commands/tenant-list.ts'
import { tenantRelease } from './commands/tenant-release.ts'
import { tenantStatus } from './commands/tenant-status.ts'
import { tenantTicket } from './commands/tenant-ticket.ts'
import { tenantTouch } from './commands/tenant-touch.ts'
import { ticketCreate } from './commands/ticket-create.ts'
import { up } from './commands/up.ts'
import { workloadApply } from './commands/workload-apply.ts'
import { workloadCheck } from './commands/workload-check.ts'
import { workloadCreate } from './commands/workload-create.ts'
import { workloadDelete } from './commands/workload-delete.ts'
import { workloadGet } from './commands/workload-get.ts'
import { workloadInit } from './commands/workload-init.ts'
import { workloadList } from './commands/workload-list.ts'
import { workloadLog } from './commands/workload-log.ts'
import { workloadUpdate } from './commands/workload-update.ts'

/** Every command there is. A test compares it with `openapi.json`: no operation is without one. */
export const commands: readonly Command[] = [
  activityList,
  backupCreate,
  backupRestore,
  completion,
  containerDelete,
  containerExec,
  containerGet,
  containerList,
  containerLogs,
  containerRead,
  containerWrite,
  doctor,
  eventWatch,
  imageInspect,
  keyCreate,
  keyDelete,
  keyList,
  poolContainers,
  poolCreate,
  poolDelete,
  poolGet,
  poolList,
  poolScale,
  poolUpdate,
  seriesGet,
  serve,
  serverHealth,
  serverMetrics,
  serverOpenapi,
  serverSettings,
  serverStats,
  tenantClaim,
  tenantGet,
  tenantList,
  tenantRelease,
  tenantStatus,
  tenantTicket,
  tenantTouch,
  ticketCreate,
  up,
  workloadApply,
  workloadCheck,
  workloadCreate,
  workloadDelete,
  workloadGet,
  workloadInit,
  workloadList,
  workloadLog,
  workloadUpdate,
]
