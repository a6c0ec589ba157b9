import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import { Fault, type Clock } from '@boilerhouse/base'

import type { SlotPaths } from './layout.ts'
import { hasParked, markParked } from './slot.ts'

/** A claim's program has to acknowledge within this; the container may be starved of cpu, not more. */
const ackTimeoutMs = 10_000
/** Only where no word comes: the way that goes well is told by the pipe. */
const lookAgainMs = 50
const newline = Uint8Array.of(10)

export interface WakeInput {
  readonly paths: SlotPaths
  readonly clock: Clock
  readonly isRunning: () => Promise<boolean>
  readonly signal: AbortSignal
}

/**
 * Wakes the container and resolves once it read its `start` file. `ack` is opened first: a container that an earlier server woke
 * and left blocks in opening it. Where nobody waits at `wake` and no `ack` comes, its program runs already: the server died between
 * the two ends of this function.
 */
export async function wakeParked({ paths, clock, isRunning, signal }: WakeInput): Promise<void> {
  const ack = openSync(join(paths.box, 'ack'), constants.O_RDWR | constants.O_NONBLOCK)
  try {
    if (!isWaiting(paths, newline)) {
      if (!(await isRunning())) throw new Fault('runtime.container_gone', 'The parked container does not run any more')
      if (hasParked(paths)) return
      // Still on its way to `wake`, which it opens before it looks for `start`: it finds it by itself.
    }
    const isAcknowledged = await acknowledged(ack, paths, clock, signal)
    if (!isAcknowledged && !(await isRunning()))
      throw new Fault('runtime.container_gone', 'The parked container died at its start')
    markParked(paths)
  } finally {
    closeSync(ack)
  }
}

/** Whether the parked script runs; `bytes` are sent to it. ENXIO: no reader has the pipe open. */
export function isWaiting(paths: SlotPaths, bytes: Uint8Array = new Uint8Array()): boolean {
  let wake: number
  try {
    wake = openSync(join(paths.box, 'wake'), constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENXIO') return false
    throw error
  }
  try {
    if (bytes.length > 0) writeSync(wake, bytes)
    return true
  } finally {
    closeSync(wake)
  }
}

/** Resolves once the parked script was seen waiting; it counts as a start, with a deadline. */
export async function untilParked(paths: SlotPaths, { clock, isRunning, signal }: Omit<WakeInput, 'paths'>): Promise<void> {
  const deadlineMs = clock.monotonicMs() + ackTimeoutMs
  for (let waitMs = 1; !isWaiting(paths) && !hasParked(paths); waitMs = Math.min(waitMs * 2, 100)) {
    signal.throwIfAborted()
    if (waitMs >= 100 && !(await isRunning())) {
      throw new Fault('runtime.start_failed', 'The parked container ended before it waited for a claim', {
        remedy: 'Read its log: the mounted busybox has to run as the user of the workload.',
      })
    }
    if (clock.monotonicMs() > deadlineMs)
      throw new Fault('runtime.start_failed', 'The parked container does not wait for a claim')
    await clock.sleep(waitMs, signal)
  }
  markParked(paths)
}

/**
 * By event: the stream of a pipe costs no thread. False where the script went on without a word to us: it had told a server before
 * this one, and closes `wake` only after. So what it says to us is in the pipe by then.
 */
async function acknowledged(ack: number, paths: SlotPaths, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const reader = Bun.file(ack).stream().getReader()
  const told = reader.read().then(() => true)
  const timer = new AbortController()
  const stop = AbortSignal.any([signal, timer.signal])
  const deadlineMs = clock.monotonicMs() + ackTimeoutMs
  const within = (ms: number) => Promise.race([told, clock.sleep(ms, stop).then(() => false)])
  try {
    for (let wasWaiting = false; clock.monotonicMs() < deadlineMs;) {
      if (await within(lookAgainMs)) return true
      signal.throwIfAborted()
      const waits = isWaiting(paths)
      if (!waits && (wasWaiting || hasParked(paths))) return await within(lookAgainMs)
      wasWaiting ||= waits
    }
    throw new Fault('runtime.deliver_failed', `The parked container did not start its program within ${ackTimeoutMs} ms`)
  } finally {
    timer.abort()
    await reader.cancel()
  }
}
