export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 }

export const addCounts = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

/**
 * What one `bun test` came to, from its JUnit report and its exit code. A runner that died, or that failed without a failed test
 * (an error between tests, a file that did not load), counts as one failure more.
 */
export function countsOf(report: string | undefined, exitCode: number): Counts {
  const totals = /<testsuites\b([^>]*)>/.exec(report ?? '')?.[1]
  if (totals === undefined) return { passed: 0, failed: 1, skipped: 0 }
  const number = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(totals)?.[1] ?? 0)
  const failed = number('failures') + number('errors')
  const skipped = number('skipped')
  const passed = number('tests') - failed - skipped
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed, skipped }
}

/** The last line of `npm test`; other programs read it. */
export const countsLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`
