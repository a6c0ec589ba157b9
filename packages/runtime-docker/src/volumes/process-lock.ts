import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { link, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { Fault, type Clock } from '@boilerhouse/base'

import { isErrno } from './entries.ts'

/** Who holds a lock. A pid alone comes back after a crash; with its start time and the boot it cannot. */
interface Holder {
  readonly pid: number
  readonly startTime: string
  readonly bootId: string
}

export interface ProcessLockOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How long to wait for another process; 30 s where not given. */
  readonly waitMs?: number
}

const pollMs = 20

/**
 * Runs `action` while no other process of this host does so for `path`; a holder that crashed is passed over. Within a process the
 * caller sees to it. Numbered files `<path>.<n>`: the highest one counts, the next number is taken by `link`, which only one
 * process can do, and a holder deletes only lower numbers, so a late contender always sees that it came too late.
 */
export async function withProcessLock<T>(path: string, options: ProcessLockOptions, action: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const mine = await acquire(path, options)
  try {
    return await action()
  } finally {
    await release(`${path}.${mine}`)
  }
}

async function acquire(path: string, { clock, signal, waitMs = 30_000 }: ProcessLockOptions): Promise<number> {
  const deadlineMs = clock.monotonicMs() + waitMs
  for (;;) {
    signal.throwIfAborted()
    const highest = await highestNumber(path)
    if (highest === undefined || !(await isHeld(`${path}.${highest}`))) {
      const number = (highest ?? 0) + 1
      if (await take(path, number)) return number
    } else if (clock.monotonicMs() > deadlineMs) {
      throw new Fault('runtime.timeout', `Another process holds ${basename(path)} for more than ${waitMs} ms`)
    } else {
      await clock.sleep(pollMs, signal)
    }
  }
}

async function take(path: string, number: number): Promise<boolean> {
  const own = `${path}.${number}`
  const beside = `${path}-${randomUUID()}`
  await writeFile(beside, JSON.stringify(holderOf(process.pid)), { mode: 0o600 })
  try {
    await link(beside, own)
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(beside, { force: true })
  }
  if ((await highestNumber(path)) !== number) {
    await rm(own, { force: true })
    return false
  }
  for (const lower of await numbers(path)) if (lower < number) await rm(`${path}.${lower}`, { force: true })
  return true
}

/** Emptied, not removed: the number must not be taken again by one who saw the former holder. */
async function release(file: string): Promise<void> {
  const beside = `${file}-${randomUUID()}`
  await writeFile(beside, '', { mode: 0o600 })
  await rename(beside, file)
}

async function isHeld(file: string): Promise<boolean> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    // A higher number was taken meanwhile; looking again finds it.
    if (isErrno(error, 'ENOENT')) return true
    throw error
  }
  if (text === '') return false
  const holder = JSON.parse(text) as Holder
  const now = holderOf(holder.pid)
  return now !== undefined && now.startTime === holder.startTime && now.bootId === holder.bootId
}

async function numbers(path: string): Promise<number[]> {
  const prefix = `${basename(path)}.`
  const names = await readdir(dirname(path))
  return names.flatMap((name) =>
    name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)) ? Number(name.slice(prefix.length)) : [],
  )
}

async function highestNumber(path: string): Promise<number | undefined> {
  const found = await numbers(path)
  return found.length === 0 ? undefined : Math.max(...found)
}

/** Undefined where no such process lives. Field 22 of its `stat`, counted after the name, which may hold anything. */
function holderOf(pid: number): Holder | undefined {
  try {
    const stat = readFileSync(join('/proc', String(pid), 'stat'), 'utf8')
    const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
    return { pid, startTime, bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ESRCH')) return undefined
    throw error
  }
}
