import type { Clock } from '@boilerhouse/base'

interface Sleeper {
  readonly dueMs: number
  readonly wake: () => void
}

/** Time that moves by hand. Wall and monotonic time go together. */
export interface FakeClock extends Clock {
  /** Moves on, stopping at each moment somebody sleeps until, so that everything happens in its order. */
  advance(ms: number): Promise<void>
  /** Runs until nothing is due at this moment any more. */
  settle(): Promise<void>
  /** How many sleep; what is left after a test has stopped everything is a leak. */
  readonly sleeping: number
}

const start = Date.UTC(2026, 0, 1)
/** Turns of the event loop without a new sleeper or a woken one that count as quiet. */
const quietTurns = 4
/** More turns at one moment than any honest work takes. */
const hotTurns = 20_000

export function createFakeClock(startMs = start): FakeClock {
  let elapsedMs = 0
  let moves = 0
  const sleepers = new Set<Sleeper>()
  const nextDue = (untilMs: number): Sleeper | undefined => {
    let next: Sleeper | undefined
    for (const sleeper of sleepers) if (sleeper.dueMs <= untilMs && (!next || sleeper.dueMs < next.dueMs)) next = sleeper
    return next
  }
  const settle = async () => {
    for (let quiet = 0, seen = -1, turns = 0; quiet < quietTurns; turns++) {
      if (turns > hotTurns) throw new Error('Something runs in a hot loop: there is always more to do at this moment')
      for (let due = nextDue(elapsedMs); due; due = nextDue(elapsedMs)) due.wake()
      await turn()
      quiet = seen === moves ? quiet + 1 : 0
      seen = moves
    }
  }
  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    get sleeping() {
      return sleepers.size
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        moves += 1
        const wake = () => {
          moves += 1
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper = { dueMs: elapsedMs + Math.max(0, ms), wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', wake, { once: true })
      }),
    settle,
    async advance(ms) {
      const untilMs = elapsedMs + ms
      await settle()
      for (let due = nextDue(untilMs); due; due = nextDue(untilMs)) {
        elapsedMs = Math.max(elapsedMs, due.dueMs)
        await settle()
      }
      elapsedMs = untilMs
      await settle()
    },
  }
}

/** One turn of the event loop: every promise that can resolve has done so after it. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
