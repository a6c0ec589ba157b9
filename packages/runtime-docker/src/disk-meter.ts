import type { Clock, ContainerId } from '@boilerhouse/base'

import type { FactsCache } from './container-facts.ts'
import type { HostRights } from './helper/host-rights.ts'
import { remember } from './host/remember.ts'
import { runCommand, type RunCommand } from './host/run-command.ts'
import type { Layout } from './layout.ts'

export interface DiskMeterDeps {
  readonly layout: Layout
  readonly facts: FactsCache
  readonly clock: Clock
  readonly rights: Pick<HostRights, 'du' | 'layerBytes'>
  readonly run?: RunCommand
}

/** What containers use of the host's disk: volumes, `comm` among them, and writable layer. */
export interface DiskMeter {
  /**
   * As last measured, at most `periodMs` and one walk ago; a container not measured yet is left out. Measuring goes on behind the
   * call, one container at a time and at the lowest priority, so that a tenant with a million files slows nobody.
   */
  bytesOf(containerIds: readonly ContainerId[], signal: AbortSignal): Promise<ReadonlyMap<ContainerId, number>>
  /** Ends the walk that goes on. */
  close(): Promise<void>
}

const periodMs = 10_000
/** How long a caller waits for the walk it started: most are done by then. */
const patienceMs = 250

export function createDiskMeter({ layout, facts, clock, rights, run = runCommand }: DiskMeterDeps): DiskMeter {
  const measured = new Map<ContainerId, { readonly bytes: number; readonly atMs: number }>()
  const stop = new AbortController()
  let round: Promise<void> | undefined

  const measure = async (containerId: ContainerId) => {
    const container = await facts.get(containerId, stop.signal).catch(() => undefined)
    const layer = container?.layerDir && !rights.layerBytes ? [container.layerDir] : []
    const walk = ['nice', '-n', '19', 'du', '-s', '-x', '-B1', '--', layout.volumes(containerId), ...layer]
    // Its exit code tells of files that went away meanwhile; what it could count it printed.
    const { stdout, stderr } = await run(walk, { signal: stop.signal })
    // What it may not read would be free of charge to who closes it.
    const isClosed = /Permission denied/.test(stderr)
    const ownBytes = isClosed ? await rights.du(containerId, stop.signal) : sumOf(stdout)
    const layerBytes = container?.layerDir ? await rights.layerBytes?.(container, stop.signal) : 0
    const bytes = ownBytes + (layerBytes ?? 0)
    remember(measured, containerId, { bytes, atMs: clock.monotonicMs() })
  }
  const isDue = (containerId: ContainerId) => {
    const last = measured.get(containerId)
    return last === undefined || clock.monotonicMs() - last.atMs >= periodMs
  }
  const measureAll = async (containerIds: readonly ContainerId[]) => {
    try {
      for (const containerId of containerIds) await measure(containerId)
    } catch (error) {
      if (!stop.signal.aborted) throw error
    }
  }
  return {
    async bytesOf(containerIds, signal) {
      signal.throwIfAborted()
      const due = containerIds.filter(isDue)
      if (due.length > 0 && !stop.signal.aborted) round ??= measureAll(due).finally(() => void (round = undefined))
      if (round) await Promise.race([round, clock.sleep(patienceMs, signal)])
      return new Map(
        containerIds.flatMap((id) => {
          const last = measured.get(id)
          return last ? [[id, last.bytes] as const] : []
        }),
      )
    },
    async close() {
      stop.abort()
      await round
    },
  }
}

/** What `du` printed, a line a directory. */
const sumOf = (stdout: string): number => stdout.split('\n').reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0), 0)
