import { isFault } from '@boilerhouse/base'
import { diskExceededReason, isDiskExceeded, type ContainerRecord } from '@boilerhouse/resources'
import type { ContainerStats } from '@boilerhouse/runtime'

import { subjectOf } from '../container/transit.ts'
import type { Term } from '../controller-deps.ts'

const mib = 1_048_576
/**
 * Volumes and writable layer have a quota of diskMb each, and a full one is the program's own affair. What passes both together went
 * around them: the owner of a file may take it out of its project.
 */
const quotas = 2

/**
 * Pauses a container that holds more than its workload's diskMb, once, and tells it; lets it go on once the workload allows what it
 * holds, or somebody made room from outside. The row is marked first, so that nobody takes the pause for one from outside; whoever
 * unpauses it by hand keeps it running.
 */
export async function enforceDiskLimit(term: Term, row: ContainerRecord, stats: ContainerStats): Promise<void> {
  if (stats.diskBytes === undefined) return
  const workload = await term.store.workloads.get(row.workloadId)
  if (!workload) return
  const { diskMb } = workload.spec.resources
  const allowedMb = diskMb * (term.runtime.capabilities.diskLimit === 'quota' ? quotas : 1)
  const isOver = stats.diskBytes > allowedMb * mib
  if (isOver && !isDiskExceeded(row)) await pause(term, row, stats.diskBytes, diskMb)
  if (!isOver && isDiskExceeded(row)) await unpause(term, row)
}

async function pause(term: Term, row: ContainerRecord, diskBytes: number, diskMb: number): Promise<void> {
  const reason = `${diskExceededReason}: it holds ${Math.ceil(diskBytes / mib)} MB, its workload allows ${diskMb}`
  const event = { type: 'container.disk_exceeded', ...subjectOf(row), data: { diskBytes, diskMb } } as const
  const fence = term.leadership.fence
  const marked = await term.store.containers.patch(row.id, ['warm', 'bound'], { reason }, { fence, event })
  if (marked.outcome !== 'ok') return
  const isPaused = await told(term, row, 'paused', () => term.runtime.pause(row.id, term.leadership.signal))
  // The next sample tries again.
  if (!isPaused) await term.store.containers.patch(row.id, ['warm', 'bound'], { reason: undefined }, { fence })
}

/** First it runs, then it is not marked: in between nobody takes it for one that was paused from outside. */
async function unpause(term: Term, row: ContainerRecord): Promise<void> {
  const isRunning = await told(term, row, 'let go on', () => term.runtime.unpause(row.id, term.leadership.signal))
  const fence = term.leadership.fence
  if (isRunning) await term.store.containers.patch(row.id, [row.state], { reason: undefined }, { fence })
}

async function told(term: Term, { id }: ContainerRecord, what: string, action: () => Promise<void>): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    if (!isFault(error)) throw error
    term.log.warn(`a container over its disk limit could not be ${what}`, { containerId: id, error })
    return false
  }
}
