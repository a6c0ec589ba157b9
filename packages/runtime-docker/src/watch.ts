import type { Readable } from 'node:stream'

import { backoffMs, type Clock, type ContainerId, type Logger } from '@boilerhouse/base'
import type { RuntimeChange } from '@boilerhouse/runtime'

import type { Engine } from './engine.ts'
import { labels, readLabels } from './labels.ts'

export interface WatchDeps {
  readonly installation: string
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Logger
  /** Each time the engine answers again, before anybody is told: walls and the like are put back first. */
  readonly onConnected: (signal: AbortSignal) => Promise<void>
}

const pingEveryMs = 5_000
const pingTimeoutMs = 5_000
const backoff = { firstMs: 100, maxMs: 5_000 }
/** Exec events are left out: every probe by command would be three of them. */
const actions = ['create', 'start', 'die', 'destroy', 'oom', 'pause', 'unpause', 'stop', 'kill', 'disconnect', 'connect']

/** Begins with `connected`; a container that changes often while the reader is slow is told once. */
export async function* watchEngine(deps: WatchDeps, signal: AbortSignal): AsyncGenerator<RuntimeChange> {
  const { clock, log, engine } = deps
  let isToldGone = false
  for (let failures = 0; !signal.aborted;) {
    try {
      const events = await openEvents(engine, signal)
      try {
        await deps.onConnected(signal)
        failures = 0
        isToldGone = false
        yield { kind: 'connected' }
        yield* readEvents(deps, events, signal)
      } finally {
        events.destroy()
      }
    } catch (error) {
      if (signal.aborted) return
      log.warn('the engine does not answer', { error })
    }
    if (signal.aborted) return
    if (!isToldGone) yield { kind: 'disconnected' }
    isToldGone = true
    failures++
    await clock.sleep(backoffMs(backoff, failures), signal)
  }
}

async function openEvents(engine: Engine, signal: AbortSignal): Promise<Readable> {
  const filters = { type: ['container', 'network'], event: actions }
  const call = { name: 'events', subject: 'engine', signal, timeoutMs: pingTimeoutMs } as const
  return (await engine.call(call, (docker) => docker.getEvents({ filters: JSON.stringify(filters) }))) as Readable
}

/** Ends when the stream does or the guard's ping fails: an engine that hangs keeps its connections open. */
async function* readEvents(deps: WatchDeps, events: Readable, signal: AbortSignal): AsyncGenerator<RuntimeChange> {
  const pending = new Pending()
  const guard = new AbortController()
  const stop = AbortSignal.any([signal, guard.signal])
  const lines = new EventLines()
  const onEnd = () => pending.end()
  events.on('data', (chunk: Uint8Array) => {
    for (const event of lines.push(chunk)) void containerOf(deps, event, stop).then((id) => id && pending.add(id), onEnd)
  })
  for (const name of ['end', 'close', 'error']) events.on(name, onEnd)
  signal.addEventListener('abort', onEnd, { once: true })
  void guardEngine(deps, stop).finally(onEnd)
  try {
    for (let batch = await pending.take(); batch; batch = await pending.take()) {
      for (const containerId of batch) yield { kind: 'container', containerId }
    }
  } finally {
    signal.removeEventListener('abort', onEnd)
    guard.abort()
  }
}

async function guardEngine({ engine, clock, log }: WatchDeps, signal: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(pingEveryMs, signal)
    if (signal.aborted) return
    try {
      const call = { name: 'ping', subject: 'engine', signal, timeoutMs: pingTimeoutMs } as const
      await engine.call(call, (docker) => docker.ping())
    } catch (error) {
      if (!signal.aborted) log.warn('the engine does not answer its ping', { error })
      return
    }
  }
}

export interface EngineEvent {
  readonly Type?: string
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> }
}

/** A network's events name the container by the engine's id alone. */
async function containerOf(
  { installation, engine }: WatchDeps,
  event: EngineEvent,
  signal: AbortSignal,
): Promise<ContainerId | undefined> {
  const attributes = event.Actor?.Attributes ?? {}
  if (event.Type !== 'network') return readLabels(installation, attributes)?.containerId
  const engineId = attributes['container']
  if (!engineId) return undefined
  const call = { name: 'container.list', subject: 'engine', signal } as const
  const filters = { id: [engineId], label: [`${labels.installation}=${installation}`] }
  const [found] = await engine.call(call, (docker) => docker.listContainers({ all: true, filters }))
  return found && readLabels(installation, found.Labels)?.containerId
}

/** One JSON document a line, cut anywhere by the transport. */
export class EventLines {
  readonly #decoder = new TextDecoder()
  #left = ''

  push(chunk: Uint8Array): EngineEvent[] {
    const lines = (this.#left + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#left = lines.pop() ?? ''
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as EngineEvent)
  }
}

/** Ids to tell, each once: bounded by the number of containers, however slow the reader is. */
class Pending {
  #ids = new Set<ContainerId>()
  #isEnded = false
  #wake = Promise.withResolvers<void>()

  add(id: ContainerId): void {
    this.#ids.add(id)
    this.#wake.resolve()
  }

  end(): void {
    this.#isEnded = true
    this.#wake.resolve()
  }

  /** Undefined once it ended and everything was told. */
  async take(): Promise<ReadonlySet<ContainerId> | undefined> {
    if (this.#ids.size === 0 && !this.#isEnded) await this.#wake.promise
    if (this.#ids.size === 0) return undefined
    const taken = this.#ids
    this.#ids = new Set()
    if (!this.#isEnded) this.#wake = Promise.withResolvers()
    return taken
  }
}
