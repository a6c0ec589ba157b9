import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { systemClock } from '@boilerhouse/base'

import { withProcessLock } from './process-lock.ts'

const never = new AbortController().signal
let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'runtime-docker-lock-'))
})
afterAll(() => rmSync(root, { recursive: true }))

/** A process that adds one to a counter under the lock, `times` times; `hang` holds it until it is killed. */
function contender(lock: string, body: string) {
  const script = `import { systemClock } from '@boilerhouse/base'
import { readFileSync, writeFileSync } from 'node:fs'
import { withProcessLock } from ${JSON.stringify(join(import.meta.dir, 'process-lock.ts'))}
const signal = new AbortController().signal
${body}`
  return Bun.spawn([process.execPath, '-e', script, lock], { cwd: import.meta.dir, stdout: 'pipe', stderr: 'inherit' })
}

test('processes that contend for a lock never hold it at once', async () => {
  const lock = join(root, 'counter-lock')
  const counter = join(root, 'counter')
  writeFileSync(counter, '0')
  const body = `for (let i = 0; i < 15; i++) await withProcessLock(${JSON.stringify(lock)}, { clock: systemClock, signal }, async () => {
  const value = Number(readFileSync(${JSON.stringify(counter)}, 'utf8'))
  await systemClock.sleep(2)
  writeFileSync(${JSON.stringify(counter)}, String(value + 1))
})`
  const contenders = [1, 2, 3].map(() => contender(lock, body))
  expect(await Promise.all(contenders.map((one) => one.exited))).toEqual([0, 0, 0])
  expect(readFileSync(counter, 'utf8')).toBe('45')
}, 60_000)

test('a lock whose holder was killed is passed over', async () => {
  const lock = join(root, 'killed-lock')
  const holder = contender(
    lock,
    `await withProcessLock(${JSON.stringify(lock)}, { clock: systemClock, signal }, async () => { console.log('held'); await systemClock.sleep(60_000) })`,
  )
  await holder.stdout.getReader().read()
  await expect(withProcessLock(lock, { clock: systemClock, signal: never, waitMs: 100 }, async () => {})).rejects.toMatchObject({
    code: 'runtime.timeout',
  })
  holder.kill('SIGKILL')
  await holder.exited
  expect(await withProcessLock(lock, { clock: systemClock, signal: never }, async () => 'mine')).toBe('mine')
}, 30_000)

test('a pid that belongs to another process by now does not hold the lock', async () => {
  const lock = join(root, 'reused-lock')
  writeFileSync(`${lock}.7`, JSON.stringify({ pid: process.pid, startTime: '1', bootId: 'another boot' }))
  expect(await withProcessLock(lock, { clock: systemClock, signal: never }, async () => 'mine')).toBe('mine')
})

test('an aborted wait ends at once', async () => {
  const lock = join(root, 'aborted-lock')
  const abort = new AbortController()
  await withProcessLock(lock, { clock: systemClock, signal: never }, async () => {
    setTimeout(() => abort.abort(), 20)
    await expect(withProcessLock(lock, { clock: systemClock, signal: abort.signal }, async () => {})).rejects.toThrow()
  })
})
