import { Wakeup, type Clock, type Logger } from '@boilerhouse/base'

import { listenSessionName, openClient, type Connection, type Sql } from './connection.ts'
import { soon } from './soon.ts'

const channel = 'boilerhouse_events'
/** Many commits, one NOTIFY: in the commits themselves it would make them wait for each other (design §5). */
const notifyEveryMs = 5

/** About what is left of a claim after its bind. */
const restMs = 3

/** Wakes readers: those of this process in memory, those of others by NOTIFY on a connection of its own. */
export interface EventWakeups {
  /** After the commit of an event. */
  wrote(): void
  /** The same from within a claim: its readers are woken a moment later, so that they are not in the way of its answer. */
  wroteOnPath(): void
  /** Something may have been written that nobody told us about. */
  wake(): void
  generation(): number
  wait(seen: number, timeoutMs: number, signal?: AbortSignal): Promise<'woken' | 'timeout'>
  /** The two sessions, for the check that they are two. */
  readonly sessions: readonly [Sql, Sql]
  isClosed(): boolean
  /** Resolves once it listens. */
  listen(): Promise<void>
  close(): Promise<void>
}

export interface EventWakeupsDeps {
  readonly connection: Connection
  readonly projectId: string
  readonly clock: Clock
  readonly log: Logger
}

export function createEventWakeups({ connection, projectId, clock, log }: EventWakeupsDeps): EventWakeups {
  const wakeup = new Wakeup<'events'>(clock)
  const closing = new AbortController()
  const own = crypto.randomUUID()
  // A NOTIFY is a write, whose commit would make the disk busy beside the binds; a crash loses it either way.
  const notifier = openClient(connection, { max: 1, name: 'boilerhouse notify', areCommitsLazy: true })
  const listener = openClient(connection, {
    max: 1,
    name: listenSessionName,
    onnotify: (_, payload) => payload.startsWith(`${projectId} `) && payload !== `${projectId} ${own}` && wake(),
    onclose: () => void relisten(),
  })
  const wake = () => wakeup.wake('events')
  let isListening = false
  const waking = soon(clock, restMs, closing.signal, wake)
  const notifying = soon(clock, notifyEveryMs, closing.signal, async () => {
    try {
      await notifier`select pg_notify(${channel}, ${`${projectId} ${own}`})`
    } catch (error) {
      log.debug('Cannot notify other processes of events; their safety pass finds them', { error })
    }
  })

  async function relisten(): Promise<void> {
    if (!isListening) return
    isListening = false
    while (!closing.signal.aborted && !isListening) {
      await clock.sleep(100, closing.signal)
      await listen().catch((error: unknown) => log.debug('Cannot listen for events yet', { error }))
    }
    wake()
  }

  async function listen(): Promise<void> {
    if (closing.signal.aborted) return
    await listener`listen ${listener(channel)}`
    isListening = true
  }

  return {
    wrote() {
      wake()
      notifying.ask()
    },
    wroteOnPath() {
      waking.ask()
      notifying.ask()
    },
    wake,
    generation: () => wakeup.current('events'),
    wait: (seen, timeoutMs, signal) =>
      wakeup.wait('events', seen, timeoutMs, signal ? AbortSignal.any([signal, closing.signal]) : closing.signal),
    sessions: [notifier, listener],
    isClosed: () => closing.signal.aborted,
    listen,
    async close() {
      closing.abort()
      await notifying.settled()
      await Promise.all([notifier.end({ timeout: 1 }), listener.end({ timeout: 1 })])
    },
  }
}
