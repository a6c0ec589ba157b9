import type { Machine } from './machine.ts'
import type { Summary } from './statistics.ts'

export interface Bar {
  readonly measure: string
  readonly value: number
  readonly limit: number
  readonly unit: 'ms' | '/s' | 'MB' | ''
  /** `at_most` where it is not given. */
  readonly sense?: 'at_most' | 'at_least'
}

/** What was measured, before it is put down with the machine it was measured on. */
export interface Result {
  readonly name: string
  /** How it was measured, in a few sentences. */
  readonly method: string
  /** What was done before the first sample counted. */
  readonly warmUp: string
  readonly rows: Readonly<Record<string, Summary>>
  /** The row that tells how fast the machine was in this run: what `--compare` holds times and rates against. */
  readonly control?: string
  /** Figures that are no times: counts, shares of cpu. */
  readonly facts: Readonly<Record<string, string | number>>
  readonly bars: readonly Bar[]
  readonly samplesMs: Readonly<Record<string, readonly number[]>>
}

/** As it lies in `bench/results`. */
export interface Report extends Result {
  readonly at: string
  readonly seed: number
  readonly scale: number
  readonly machine: Machine
}

export function renderResult({ name, method, warmUp, rows, facts, bars }: Result): string {
  const names = Object.keys(rows)
  const width = Math.max(...names.map((row) => row.length), 8)
  const figures = (title: string, count: string, values: readonly string[]) =>
    `${title.padEnd(width)} ${count.padStart(6)}${values.map((value) => value.padStart(10)).join('')}`
  return [
    `\n## ${name}`,
    method,
    `Warm-up: ${warmUp}`,
    '',
    figures('ms', 'n', ['min', 'p50', 'p95', 'p99', 'max']),
    ...Object.entries(rows).map(([row, { count, minMs, p50Ms, p95Ms, p99Ms, maxMs }]) =>
      figures(
        row,
        String(count),
        [minMs, p50Ms, p95Ms, p99Ms, maxMs].map((ms) => ms.toFixed(3)),
      ),
    ),
    '',
    ...Object.entries(facts).map(([fact, value]) => `${fact}: ${value}`),
    ...bars.map(renderBar),
    '',
  ].join('\n')
}

export function renderBar(bar: Bar): string {
  const unit = bar.unit === '' ? '' : ` ${bar.unit}`
  const sign = bar.sense === 'at_least' ? '>=' : '<='
  return `${isMet(bar) ? 'met   ' : 'MISSED'} ${bar.measure}: ${figure(bar.value)}${unit} (bar ${sign} ${bar.limit}${unit})`
}

export const isMet = ({ value, limit, sense = 'at_most' }: Bar): boolean =>
  sense === 'at_most' ? value <= limit : value >= limit

const figure = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(3))
