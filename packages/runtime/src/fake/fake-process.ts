import { Fault, isFault, type Clock, type ContainerId } from '@boilerhouse/base'

import type { LogLine } from '../runtime.ts'
import type { FakeContainer, FakeEngine, FakeInstallation } from './fake-engine.ts'
import { fakeView } from './fake-files.ts'

interface ProcessDeps {
  readonly clock: Clock
  readonly engine: FakeEngine
  readonly installation: FakeInstallation
}

/** Runs the workload's process as `onStarted` plays it; a start that throws leaves the container created. */
export function startProcess(deps: ProcessDeps, container: FakeContainer, environment: Readonly<Record<string, string>>): void {
  const { clock, engine, installation } = deps
  const view = fakeView(installation, container)
  try {
    engine.behaviour.onStarted({
      spec: container.spec,
      environment,
      write: (path, text) => view.write(path, new TextEncoder().encode(text)),
      log: (stream, text) => appendLog(clock, container, stream, text),
      exit: (exitCode) => exitFake(installation, container, exitCode, false),
    })
  } catch (cause) {
    container.phase = 'created'
    if (isFault(cause)) throw cause
    throw new Fault('runtime.start_failed', `Container ${container.spec.containerId} did not start`, { cause })
  }
}

export function exitFake(installation: FakeInstallation, container: FakeContainer, exitCode: number, oomKilled: boolean): void {
  container.phase = 'exited'
  container.exitCode = exitCode
  container.oomKilled = oomKilled
  announce(installation, container.spec.containerId)
}

export function appendLog(clock: Clock, container: FakeContainer, stream: LogLine['stream'], text: string): void {
  container.logs.push({ stream, text, time: new Date(clock.nowMs()).toISOString() })
  for (const wake of container.logReaders) wake()
}

/** Tells every runtime that is open on the installation to look at this container again. */
export function announce(installation: FakeInstallation, containerId: ContainerId): void {
  for (const watcher of installation.watchers) watcher.onContainer(containerId)
  for (const wake of installation.containers.get(containerId)?.logReaders ?? []) wake()
}
