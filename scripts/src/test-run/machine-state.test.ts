import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { leftBehind, machineState } from './machine-state.ts'

test('a process that outlives its runner is told, in whatever session it is', async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'bh-state-'))
  const mark = ['BH_STATE_TEST', crypto.randomUUID()] as const
  const before = await machineState({ mark, scratch })
  const child = Bun.spawn(['setsid', 'sleep', '60'], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
    env: { ...process.env, [mark[0]]: mark[1] },
  })
  try {
    const isTold = async () =>
      leftBehind(before, await machineState({ mark, scratch })).some((what) => /^process \d+ sleep 60$/.test(what))
    for (let i = 0; i < 50 && !(await isTold()); i++) await Bun.sleep(20)
    expect(await isTold()).toBe(true)
  } finally {
    child.kill()
    await child.exited
    await rm(scratch, { recursive: true })
  }
})

test('only what was not there before is left behind', () => {
  const before = new Map([['link', new Set(['bhn1'])]])
  const after = new Map([
    ['link', new Set(['bhn1', 'bhn2'])],
    ['mount', new Set(['/run/boilerhouse/x'])],
  ])
  expect(leftBehind(before, after)).toEqual(['link bhn2', 'mount /run/boilerhouse/x'])
  expect(leftBehind(after, before)).toEqual([])
})
