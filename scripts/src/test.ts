import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { checkSteps } from './check/check-steps.ts'
import { runSteps } from './check/run-steps.ts'
import { addCounts, countsLine, noCounts } from './test-run/counts.ts'
import { leftBehind, machineState } from './test-run/machine-state.ts'
import { runTests } from './test-run/run-tests.ts'
import { findTestGroups } from './test-run/test-groups.ts'

const root = join(import.meta.dirname, '../..')
const write = (text: string): boolean => process.stdout.write(text)
const start = performance.now()

const broken = await runSteps(checkSteps(root), write)
const checked = { passed: 0, failed: broken.length, skipped: 0 }

// Arguments choose groups by a part of their path: npm test -- packages/claims
const wanted = process.argv.slice(2)
const groups = (await findTestGroups(root)).filter(
  ({ home }) => wanted.length === 0 || wanted.some((part) => home.includes(part)),
)

const scratch = await mkdtemp(join(tmpdir(), 'bh-'))
const mark = ['BH_TEST_RUN', randomBytes(8).toString('hex')] as const
const before = await machineState({ mark, scratch })
const tested = await runTests(groups, { root, scratch, mark }, write)

const left = await leftovers()
if (left.length > 0) write(`\n  FAILED  the tests left behind:\n${left.map((what) => `          ${what}\n`).join('')}`)
// It stays only where something lies in it that a person may want to look at.
await rmdir(scratch).catch(() => {})

const total = [checked, tested, { passed: 0, failed: left.length > 0 ? 1 : 0, skipped: 0 }].reduce(addCounts, noCounts)
process.exitCode = total.failed + total.skipped > 0 || total.passed === 0 ? 1 : 0
write(`\n  all in ${((performance.now() - start) / 1000).toFixed(0)} s\n${countsLine(total)}\n`)

/** Looks again for a while: what the engine and the kernel clear away in their own time is not left behind. */
async function leftovers(): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt++) {
    const found = await machineState({ mark, scratch }).then(
      async (after) => [
        ...leftBehind(before, after),
        ...(await readdir(scratch)).map((name) => `temporary file ${scratch}/${name}`),
      ],
      (error: Error) => [`nobody knows what: the machine could not be looked at (${error.message})`],
    )
    if (found.length === 0 || attempt === 30) return found
    await Bun.sleep(100)
  }
}
