import type { Clock, WorkloadId } from '@boilerhouse/base'
import type { WorkloadStore } from '@boilerhouse/store'

const lookEveryMs = 300

/** The log as it grows, until the workload is no longer `creating`. A build that begins anew is told from its beginning. */
export async function* followBuildLog(
  workloads: WorkloadStore,
  id: WorkloadId,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let sent = ''
  while (!signal.aborted) {
    const record = await workloads.get(id) // before the log: what was written until the end is then read
    const text = await workloads.buildLog(id)
    if (text !== sent) yield text.startsWith(sent) ? text.slice(sent.length) : text
    sent = text
    if (record?.status.state !== 'creating') return
    await clock.sleep(lookEveryMs, signal)
  }
}
