import { dlopen } from 'bun:ffi'
import { open } from 'node:fs/promises'

import { Fault, type Clock } from '@boilerhouse/base'

const exclusiveNonBlocking = 2 | 4

/**
 * Runs `action` while no other process starts or stops the Postgres of this data directory. The lock is `flock`'s: the kernel frees
 * it when its holder dies, so it cannot be left behind. Its holder's pid and start time stand in the file, for people who wonder.
 */
export async function withStartLock<T>(path: string, clock: Clock, action: () => Promise<T>): Promise<T> {
  const file = await open(path, 'a+', 0o600)
  try {
    const libc = dlopen('libc.so.6', { flock: { args: ['i32', 'i32'], returns: 'i32' } })
    const deadline = clock.monotonicMs() + 60_000
    while (libc.symbols.flock(file.fd, exclusiveNonBlocking) !== 0) {
      if (clock.monotonicMs() > deadline) {
        throw new Fault('store.unavailable', `Another process has held ${path} for a minute: ${await file.readFile('utf8')}`)
      }
      await clock.sleep(10)
    }
    await file.truncate(0)
    await file.write(`pid ${process.pid} since ${new Date(clock.nowMs()).toISOString()}\n`)
    return await action()
  } finally {
    await file.close()
  }
}
