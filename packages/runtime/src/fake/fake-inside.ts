import { Fault, type ContainerId } from '@boilerhouse/base'

import type { LogLine, Runtime } from '../runtime.ts'
import type { FakeProbe } from './fake-behaviour.ts'
import { requireFake, type FakeDeps } from './fake-containers.ts'
import type { FakeContainer } from './fake-engine.ts'
import { fakeView, readFakeFile, readLimited } from './fake-files.ts'
import { fakeUntar } from './fake-tar.ts'
import { startProcess } from './fake-process.ts'

type Inside = Pick<Runtime, 'deliver' | 'probe' | 'exec' | 'logs' | 'stats' | 'readFile' | 'writeFile' | 'writeDirectory'>

/** Everything that happens inside a container: deliveries, probes, commands, logs, files, figures. */
export function fakeInside(deps: FakeDeps & { readonly probes: ReadonlyMap<ContainerId, FakeProbe> }): Inside {
  const { clock, engine, installation, gate, probes } = deps
  const { behaviour } = engine
  return {
    deliver: fakeDeliver(deps),
    async probe(containerId, _address, check, signal) {
      await gate.enter('probe', signal, check.command !== undefined)
      const startedMs = clock.monotonicMs()
      const container = installation.containers.get(containerId)
      const outcome = container?.phase === 'running' ? playedProbe() : 'fail'
      if (outcome === 'hang') await clock.sleep(check.timeoutMs, signal)
      signal.throwIfAborted()
      const durationMs = clock.monotonicMs() - startedMs
      return outcome === 'pass'
        ? { ok: true, durationMs }
        : { ok: false, durationMs, detail: outcome === 'hang' ? 'timed out' : 'refused' }

      function playedProbe(): FakeProbe {
        return probes.get(containerId) ?? (container ? behaviour.onProbe({ containerId, spec: container.spec, check }) : 'fail')
      }
    },
    async exec(containerId, request, signal) {
      await gate.enter('exec', signal)
      const { spec } = requireFake(installation, containerId)
      const timer = new AbortController()
      const timeout = clock.sleep(request.timeoutMs, AbortSignal.any([signal, timer.signal])).then(() => 'timeout' as const)
      try {
        const result = await Promise.race([behaviour.onExec({ containerId, spec, request }), timeout])
        signal.throwIfAborted()
        if (result === 'timeout') throw new Fault('container.exec_timeout', `The command did not end in ${request.timeoutMs} ms`)
        const cut = (bytes: Uint8Array) => bytes.subarray(0, request.maxOutputBytes)
        const isCut = Math.max(result.stdout.byteLength, result.stderr.byteLength) > request.maxOutputBytes
        return { ...result, stdout: cut(result.stdout), stderr: cut(result.stderr), truncated: result.truncated || isCut }
      } finally {
        timer.abort()
      }
    },
    logs: (containerId, query, signal) => fakeLogs(deps, containerId, query, signal),
    async stats(containerIds, signal) {
      await gate.enter('stats', signal)
      const running = containerIds.flatMap((containerId) => {
        const container = installation.containers.get(containerId)
        return container?.phase === 'running' || container?.phase === 'paused' ? [[containerId, container.stats] as const] : []
      })
      return new Map(running)
    },
    async readFile(containerId, path, signal) {
      await gate.enter('readFile', signal)
      return readFakeFile(fakeView(installation, requireFake(installation, containerId)), path)
    },
    ...fakeWriting(deps),
  }
}

function fakeWriting({ installation, gate }: FakeDeps): Pick<Runtime, 'writeFile' | 'writeDirectory'> {
  return {
    async writeFile(containerId, path, body, limitBytes, signal) {
      await gate.enter('writeFile', signal)
      const view = fakeView(installation, requireFake(installation, containerId))
      const bytes = await readLimited(body, limitBytes)
      view.write(path, bytes)
      return { sizeBytes: bytes.byteLength }
    },
    async writeDirectory(containerId, path, body, limitBytes, signal) {
      await gate.enter('writeDirectory', signal)
      const view = fakeView(installation, requireFake(installation, containerId))
      const bytes = await readLimited(body, limitBytes)
      const files = fakeUntar(bytes)
      if (!files) throw new Fault('request.malformed', 'The body is no tar archive')
      for (const [name, content] of files) view.write(`${path}/${name}`.replaceAll(/\/(\.\/)?\/?/g, '/'), content)
      return { sizeBytes: bytes.byteLength }
    },
  }
}

function fakeDeliver(deps: FakeDeps): Runtime['deliver'] {
  const { installation, gate } = deps
  return async (containerId, delivery, signal) => {
    await gate.enter('deliver', signal)
    const slot = installation.slots.get(containerId)
    const container = installation.containers.get(containerId)
    if (!slot || !container) throw new Fault('runtime.container_gone', `Container ${containerId} has no slot`)
    const last = slot.delivery
    const isNew = last?.claimId !== delivery.claimId || last.revision !== delivery.revision
    slot.delivery = delivery
    if (container.spec.workload.warmth === 'running' || slot.isStarted || !delivery.start)
      return { isNew, isStarted: container.spec.workload.warmth === 'running' || slot.isStarted }
    if (container.phase !== 'running') throw new Fault('runtime.deliver_failed', `Nobody waits in the slot of ${containerId}`)
    startProcess(deps, container, delivery.start.environment)
    slot.isStarted = true
    return { isNew, isStarted: true }
  }
}

async function* fakeLogs(
  { installation, gate }: FakeDeps,
  containerId: ContainerId,
  query: { readonly tail: number; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  await gate.enter('logs', signal)
  const container = installation.containers.get(containerId)
  if (!container) throw new Fault('runtime.container_gone', `Container ${containerId} does not exist`)
  let next = Math.max(0, container.logs.length - query.tail)
  for (;;) {
    for (; next < container.logs.length; next++) {
      const line = container.logs[next]
      if (line) yield line
    }
    if (!query.follow || signal.aborted || container.phase === 'exited') return
    await nextLog(container, signal)
  }
}

async function nextLog(container: FakeContainer, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = () => resolve()
  container.logReaders.add(wake)
  signal.addEventListener('abort', wake, { once: true })
  await promise
  container.logReaders.delete(wake)
  signal.removeEventListener('abort', wake)
}
