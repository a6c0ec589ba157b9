import { addCounts, countsLine, noCounts, type Counts } from './counts.ts'
import { runGroup, type RunGroupOptions } from './run-group.ts'
import type { TestGroup } from './test-groups.ts'

const lanes = 2

/** Runs the groups, two beside each other where they may be, the others alone with their output as it comes. Nothing is retried. */
export async function runTests(
  groups: readonly TestGroup[],
  options: RunGroupOptions,
  write: (text: string) => void,
): Promise<Counts> {
  let counts = noCounts
  const run = async (group: TestGroup): Promise<void> => {
    if (group.isAlone) write(`\n  ...     ${group.home}\n`)
    const result = await runGroup(group, group.isAlone ? { ...options, onOutput: write } : options)
    counts = addCounts(counts, result.counts)
    const isOk = result.counts.failed + result.counts.skipped === 0
    write(
      `  ${isOk ? 'ok    ' : 'FAILED'}  ${group.home.padEnd(34)} ${result.seconds.toFixed(1)} s  ${countsLine(result.counts)}\n`,
    )
    if (!isOk && !group.isAlone) write(`${result.output.replaceAll(/^/gm, '          ')}\n`)
  }
  const together = groups.filter(({ isAlone }) => !isAlone)
  const next = async (): Promise<void> => {
    for (let group = together.shift(); group; group = together.shift()) await run(group)
  }
  await Promise.all(Array.from({ length: lanes }, next))
  for (const group of groups.filter(({ isAlone }) => isAlone)) await run(group)
  return counts
}
