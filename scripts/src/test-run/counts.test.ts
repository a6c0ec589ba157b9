import { expect, test } from 'bun:test'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { addCounts, countsLine, countsOf, noCounts } from './counts.ts'

/** Runs real tests in a process of their own, and counts them as `npm test` does. */
async function countsOfRun(source: string) {
  const directory = await mkdtemp(join(tmpdir(), 'bh-counts-'))
  try {
    await writeFile(join(directory, 'a.test.ts'), source)
    const argv = [process.execPath, 'test', '--reporter=junit', '--reporter-outfile=report.xml', './a.test.ts']
    const child = Bun.spawn(argv, { cwd: directory, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' })
    const exitCode = await child.exited
    return countsOf(await readFile(join(directory, 'report.xml'), 'utf8').catch(() => undefined), exitCode)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

const head = `import { test, expect } from 'bun:test'\n`

test('passed, failed, skipped and postponed tests are counted as such', async () => {
  const source = `${head}
    test('a', () => {})
    test('b', () => {})
    test('c', () => { expect(1).toBe(2) })
    test${'.skip'}('d', () => {})
    test${'.todo'}('e')`
  expect(await countsOfRun(source)).toEqual({ passed: 2, failed: 1, skipped: 2 })
})

test('a runner that dies counts as a failure', async () => {
  expect((await countsOfRun(`${head}test('a', () => {})\ntest('b', () => { process.exit(7) })`)).failed).toBeGreaterThan(0)
  expect((await countsOfRun(`${head}test('a', () => { process.kill(process.pid, 'SIGKILL') })`)).failed).toBe(1)
})

test('a file that does not load, and an error outside of a test, count as failures', async () => {
  expect((await countsOfRun(`import './gone.ts'`)).failed).toBe(1)
  expect(
    (await countsOfRun(`${head}test('a', () => {})\nsetTimeout(() => { throw new Error('x') })\ntest('b', () => Bun.sleep(20))`))
      .failed,
  ).toBeGreaterThan(0)
})

test('the last line is exactly the sum', () => {
  const sum = [
    { passed: 2, failed: 1, skipped: 0 },
    { passed: 3, failed: 0, skipped: 4 },
  ].reduce(addCounts, noCounts)
  expect(countsLine(sum)).toBe('5 passed, 1 failed, 4 skipped')
})
