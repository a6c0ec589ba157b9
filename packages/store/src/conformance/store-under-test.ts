import { systemClock, type Clock } from '@boilerhouse/base'
import { afterEach, beforeEach } from 'bun:test'

import type { Store } from '../store.ts'

/** One adapter's data for one test: empty at first, shared by every store that is connected to it. */
export interface StoreBacking {
  /** Opens a store as one more process would; the suite closes it. */
  connect(clock: Clock): Promise<Store>
  /** Called once every store is closed. */
  dispose(): Promise<void>
}

export interface StoreConformanceOptions {
  readonly name: string
  create(): Promise<StoreBacking>
}

/** Real time that a test can jump ahead: adapters with real sockets and timers keep working. */
export interface JumpClock extends Clock {
  advance(ms: number): void
  /** Moves the wall clock alone, back or ahead, as an operator or NTP does. */
  jumpWall(ms: number): void
}

export interface StoreUnderTest {
  readonly store: Store
  readonly clock: JumpClock
  /** Another process on the same data and the same clock. */
  connect(): Promise<Store>
}

/** Makes and closes the stores of each test of the enclosing `describe`. */
export function useStore(options: StoreConformanceOptions): StoreUnderTest {
  let clock = jumpClock()
  let backing: StoreBacking | undefined
  let stores: Store[] = []

  const connect = async () => {
    if (!backing) throw new Error('Cannot connect: a store exists only while a test runs')
    const store = await backing.connect(clock)
    stores.push(store)
    return store
  }
  beforeEach(async () => {
    clock = jumpClock()
    backing = await options.create()
    await connect()
  })
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()))
    stores = []
    await backing?.dispose()
    backing = undefined
  })
  return {
    get store() {
      const [store] = stores
      if (!store) throw new Error('Cannot use the store: it exists only while a test runs')
      return store
    },
    get clock() {
      return clock
    },
    connect,
  }
}

function jumpClock(): JumpClock {
  let ahead = 0
  let wallAhead = 0
  return {
    nowMs: () => systemClock.nowMs() + ahead + wallAhead,
    monotonicMs: () => systemClock.monotonicMs() + ahead,
    sleep: systemClock.sleep,
    advance: (ms) => {
      ahead += ms
    },
    jumpWall: (ms) => {
      wallAhead += ms
    },
  }
}
