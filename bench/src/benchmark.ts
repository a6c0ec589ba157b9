import type { Result } from './report.ts'

/** One measurement. It cleans up what it made, also where it fails. */
export interface Benchmark {
  readonly name: string
  /** For `--help`: what it measures. */
  readonly summary: string
  run(context: BenchContext): Promise<Result>
}

export interface BenchContext {
  /** Makes the order of what is interleaved repeatable. */
  readonly seed: number
  /** Multiplies the number of rounds; the bars are judged at 1 or more. */
  readonly scale: number
  readonly note: (line: string) => void
}
