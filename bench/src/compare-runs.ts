import type { Bar, Report } from './report.ts'

/** As much of a report as is compared. */
export type Run = Pick<Report, 'name' | 'scale' | 'bars' | 'rows' | 'control'>

/** `missing`: the bar is there no longer, or nothing was measured for it. */
export type Verdict = 'worse' | 'missing' | 'not_worse' | 'new'

export interface Comparison {
  readonly measure: string
  readonly verdict: Verdict
  readonly theirs: readonly number[]
  readonly ours: readonly number[]
}

export type Compared =
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'compared'; readonly comparisons: readonly Comparison[]; readonly falseAlarms: number }

/** Two a side would call one pair in six worse by chance alone. */
const leastRuns = 3

/**
 * Holds the runs of this commit (`ours`) against those of an earlier one, bar by bar. A bar is worse where even the best of ours is worse than the worst of theirs:
 * beyond the spread of both sides. What two sides of the same program would be called by chance is told as `falseAlarms`: one in so many bars.
 */
export function compareRuns(theirs: readonly Run[], ours: readonly Run[]): Compared {
  const fewest = Math.min(theirs.length, ours.length)
  if (fewest < leastRuns) return refused(`${leastRuns} runs a side are needed, there are ${theirs.length} and ${ours.length}`)
  const scales = new Set([...theirs, ...ours].map(({ scale }) => scale))
  if (scales.size > 1) return refused(`the runs are of different scales: ${[...scales].join(', ')}`)
  const uncontrolled = [...theirs, ...ours].flatMap(({ bars, ...run }) =>
    bars.filter((bar) => inControls(bar, run) === undefined),
  )
  const [without] = uncontrolled
  if (without) return refused(`a run has no control to hold "${without.measure}" against`)
  const measures = new Set([...theirs, ...ours].flatMap(({ bars }) => bars.map(({ measure }) => measure)))
  return {
    outcome: 'compared',
    comparisons: [...measures].map((measure) => compareMeasure(measure, theirs, ours)),
    falseAlarms: choose(theirs.length + ours.length, ours.length),
  }
}

export const isRegression = ({ verdict }: Comparison): boolean => verdict === 'worse' || verdict === 'missing'

export function renderComparison({ measure, verdict, theirs, ours }: Comparison): string {
  const side = (name: string, values: readonly number[]) => {
    const sorted = values.toSorted((a, b) => a - b)
    const [least, middle, most] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
    return least === undefined
      ? `${name} none`
      : `${name} ${[least, middle, most].map((value) => value?.toPrecision(3)).join(' ')}`
  }
  const words = { worse: 'WORSE  ', missing: 'MISSING', not_worse: 'as good', new: 'new    ' }
  return `${words[verdict]} ${measure}: ${side('before', theirs)}, ${side('now', ours)} (least, middle, most)`
}

function compareMeasure(measure: string, theirRuns: readonly Run[], ourRuns: readonly Run[]): Comparison {
  const [theirs, ours] = [theirRuns, ourRuns].map((runs) =>
    runs.flatMap(({ bars, ...run }) =>
      bars.filter((bar) => bar.measure === measure).map((bar) => inControls(bar, run) ?? Number.NaN),
    ),
  ) as [number[], number[]] // of two, two
  const sense = ourRuns.flatMap(({ bars }) => bars).find((bar) => bar.measure === measure)?.sense ?? 'at_most'
  return { measure, theirs, ours, verdict: verdictOf(theirs, ours, sense) }
}

function verdictOf(theirs: readonly number[], ours: readonly number[], sense: 'at_most' | 'at_least'): Verdict {
  if (theirs.length === 0) return 'new'
  if (ours.length === 0 || ours.some(Number.isNaN)) return 'missing'
  const isWorse = sense === 'at_most' ? Math.min(...ours) > Math.max(...theirs) : Math.max(...ours) < Math.min(...theirs)
  return isWorse ? 'worse' : 'not_worse'
}

/**
 * A time in times of the run's control, a rate in calls per time of the control: how fast the machine was that day cancels out. What is no
 * speed (a ratio, memory) stands for itself. Undefined where the run has no control and one is needed.
 */
function inControls({ value, unit }: Bar, { rows, control }: Omit<Run, 'bars'>): number | undefined {
  if (unit === '' || unit === 'MB') return value
  const controlMs = control === undefined ? undefined : rows[control]?.p50Ms
  if (controlMs === undefined) return undefined
  return unit === 'ms' ? value / controlMs : (value * controlMs) / 1000
}

const refused = (reason: string): Compared => ({ outcome: 'refused', reason })

/** How many ways there are to take `k` of `n`. */
function choose(n: number, k: number): number {
  let ways = 1
  for (let i = 1; i <= k; i++) ways = (ways * (n - k + i)) / i
  return Math.round(ways)
}
