import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { ContainerId, Logger } from '@boilerhouse/base'

import { stateVolume, type Layout } from '../layout.ts'
import type { VolumeStore } from '../volumes/volume-store.ts'
import type { ProjectQuota } from './project-quota.ts'

const megabyte = 1024 * 1024

/** No path in it: it is shown to anybody who asks for the health. */
export const noQuota =
  'The data directory lies on a file system without project quotas: what passes its diskMb is found within 15 s and paused. Mount it (ext4 or xfs) with prjquota'

/**
 * Volumes that cannot grow past their workload's `diskMb`: a project of the file system for each container. The project follows the
 * container, not the tenant: files that are restored count for their new container, files that are kept count for nobody's limit.
 */
export function limitVolumes(
  volumes: VolumeStore,
  { quota, layout, log }: { readonly quota: ProjectQuota; readonly layout: Layout; readonly log: Logger },
): VolumeStore {
  const state = (containerId: ContainerId) => join(layout.volumes(containerId), stateVolume)
  const adopt = (containerId: ContainerId, signal: AbortSignal) =>
    quota.adopt(state(containerId), signal).catch((error: unknown) => {
      // They are restored all the same; they only count for no limit.
      log.warn('restored files do not count for their disk limit', { containerId, error })
    })
  /** Between the two a file that a warm process makes counts for nobody, until all is adopted. */
  const whileOpen = async <T>(containerId: ContainerId, move: () => Promise<T>, after?: () => Promise<void>): Promise<T> => {
    if (!existsSync(state(containerId)) || quota.projectOf(state(containerId)) === undefined) return move()
    quota.setInherited(state(containerId), false)
    try {
      return await move()
    } finally {
      quota.setInherited(state(containerId), true)
      await after?.()
    }
  }
  return {
    async prepare(spec, signal) {
      const root = layout.volumes(spec.containerId)
      // Before anything is in it: what is made below inherits the project.
      await mkdir(root, { recursive: true, mode: 0o700 })
      quota.limit(root, spec.containerId, spec.workload.resources.diskMb * megabyte)
      await volumes.prepare(spec, signal)
    },
    async remove(containerId, signal) {
      const root = layout.volumes(containerId)
      const project = existsSync(root) ? quota.projectOf(root) : undefined
      await volumes.remove(containerId, signal)
      // Volumes that could not be kept stay on disk, and limited.
      if (project !== undefined && !existsSync(root)) quota.free(project)
    },
    agent(containerId) {
      const agent = volumes.agent(containerId)
      return {
        ...agent,
        restore: (key, signal) =>
          whileOpen(
            containerId,
            () => agent.restore(key, signal),
            () => adopt(containerId, signal),
          ),
        // Nobody writes there any more, and it is removed next.
        discard: (key, signal) => whileOpen(containerId, () => agent.discard(key, signal)),
      }
    },
  }
}
