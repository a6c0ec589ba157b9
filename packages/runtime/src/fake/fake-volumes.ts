import type { ContainerId } from '@boilerhouse/base'

import type { StateKey, VolumeAgent } from '../runtime.ts'
import type { FakeBehaviour } from './fake-behaviour.ts'
import { keptName, type FakeInstallation, type FakeKept } from './fake-engine.ts'
import type { FakeFiles } from './fake-files.ts'
import type { FakeGate } from './fake-gate.ts'

interface FakeVolumesDeps {
  readonly installation: FakeInstallation
  readonly gate: FakeGate
  readonly behaviour: FakeBehaviour
}

/** Entry by entry like a real one, so that a kill leaves what a kill leaves. */
export function fakeVolumes({ installation, gate, behaviour }: FakeVolumesDeps, containerId: ContainerId): VolumeAgent {
  const keptOf = (key: StateKey): FakeKept => {
    const kept = installation.kept.get(keptName(key)) ?? { entries: new Map<string, FakeFiles>() }
    installation.kept.set(keptName(key), kept)
    return kept
  }
  const hasState = () => {
    const container = installation.containers.get(containerId)
    return container ? container.spec.workload.volumes.state !== undefined : installation.volumes.has(containerId)
  }
  const volumeOf = (id: ContainerId) => {
    const volume = installation.volumes.get(id) ?? new Map<string, FakeFiles>()
    installation.volumes.set(id, volume)
    return volume
  }
  const move = (kind: 'keep' | 'restore', from: Map<string, FakeFiles>, to: Map<string, FakeFiles>, signal: AbortSignal) => {
    for (const [entry, files] of from) {
      signal.throwIfAborted()
      behaviour.onMove({ kind, entry })
      to.set(entry, files)
      from.delete(entry)
    }
  }
  return {
    async restore(key, signal) {
      await gate.enter('restore', signal)
      const kept = keptOf(key)
      if (!hasState()) return { restored: false }
      const isResumed = kept.restoringTo === containerId
      if (kept.restoringTo && !isResumed) move('keep', volumeOf(kept.restoringTo), kept.entries, signal)
      if (kept.entries.size === 0 && !isResumed) return { restored: false }
      kept.restoringTo = containerId
      move('restore', kept.entries, volumeOf(containerId), signal)
      delete kept.restoringTo
      return { restored: true }
    },
    async keep(key, signal) {
      await gate.enter('keep', signal)
      const kept = keptOf(key)
      if (kept.restoringTo && kept.restoringTo !== containerId) move('keep', volumeOf(kept.restoringTo), kept.entries, signal)
      if (hasState()) {
        const before = kept.keepingFrom?.containerId === containerId ? kept.keepingFrom.names : []
        kept.keepingFrom = { containerId, names: new Set([...before, ...volumeOf(containerId).keys()]) }
        move('keep', volumeOf(containerId), kept.entries, signal)
        delete kept.keepingFrom
      }
      delete kept.restoringTo
      return { kept: kept.entries.size > 0 }
    },
    async discard(key, signal) {
      await gate.enter('discard', signal)
      takeBack(keptOf(key), volumeOf(containerId), containerId)
    },
  }
}

/** What a keep from this container, or a restore into it, moved or was to move and did not end. */
function takeBack(kept: FakeKept, volume: Map<string, FakeFiles>, containerId: ContainerId): void {
  const isRestored = kept.restoringTo === containerId
  const taken = kept.keepingFrom?.containerId === containerId ? kept.keepingFrom.names : undefined
  for (const [name, files] of kept.entries) {
    if (volume.has(name) || !(isRestored || taken?.has(name))) continue
    volume.set(name, files)
    kept.entries.delete(name)
  }
  if (isRestored) delete kept.restoringTo
  if (taken) delete kept.keepingFrom
}
