import { isFault } from '@boilerhouse/base'
import type { ContainerRecord } from '@boilerhouse/resources'
import type { ContainerStats } from '@boilerhouse/runtime'

import { diskExceededReason } from '../container/plan.ts'
import { subjectOf } from '../container/transit.ts'
import type { Term } from '../controller-deps.ts'

const mib = 1_048_576
/**
 * Volumes and writable layer have a quota of diskMb each, and a full one is the program's own affair. What passes both together went
 * around them: the owner of a file may take it out of its project.
 */
const quotas = 2

/**
 * Pauses a container that writes more than its workload's diskMb, once, and tells it. The row is marked first, so that nobody takes
 * the pause for one from outside; whoever unpauses it by hand keeps it running until its next sample.
 */
export async function enforceDiskLimit(term: Term, row: ContainerRecord, stats: ContainerStats): Promise<void> {
  if (stats.diskBytes === undefined || row.reason?.startsWith(diskExceededReason)) return
  const workload = await term.store.workloads.get(row.workloadId)
  if (!workload) return
  const allowedMb = workload.spec.resources.diskMb * (term.runtime.capabilities.diskLimit === 'quota' ? quotas : 1)
  if (stats.diskBytes <= allowedMb * mib) return
  const reason = `${diskExceededReason}: it holds ${Math.ceil(stats.diskBytes / mib)} MB, its workload allows ${workload.spec.resources.diskMb}`
  const marked = await term.store.containers.patch(
    row.id,
    ['warm', 'bound'],
    { reason },
    {
      fence: term.leadership.fence,
      event: {
        type: 'container.disk_exceeded',
        ...subjectOf(row),
        data: { diskBytes: stats.diskBytes, diskMb: workload.spec.resources.diskMb },
      },
    },
  )
  if (marked.outcome !== 'ok') return
  try {
    await term.runtime.pause(row.id, term.leadership.signal)
  } catch (error) {
    if (!isFault(error)) throw error
    term.log.warn('a container over its disk limit could not be paused', { containerId: row.id, error })
  }
}
