import { expect, test } from 'bun:test'

import { compareRuns, isRegression, type Run } from './compare-runs.ts'
import type { Bar } from './report.ts'
import { summarise } from './statistics.ts'

/** A run whose control took `controlMs`. */
const run = (bar: Partial<Bar>, controlMs = 1, scale = 1): Run => ({
  name: 'bench',
  scale,
  control: 'control',
  rows: { control: summarise([controlMs]) },
  bars: [{ measure: 'p50', value: 1, limit: 1, unit: 'ms', ...bar }],
})
const side = (values: readonly number[], bar: Partial<Bar> = {}) => values.map((value) => run({ ...bar, value }))

function verdicts(theirs: readonly Run[], ours: readonly Run[]) {
  const compared = compareRuns(theirs, ours)
  return compared.outcome === 'compared' ? compared.comparisons.map(({ verdict }) => verdict) : compared.reason
}

test('a time is worse where the best run of now is above the worst of before, and not where the two sides touch', () => {
  expect(verdicts(side([1, 2, 3]), side([3.1, 4, 5]))).toEqual(['worse'])
  expect(verdicts(side([1, 2, 3]), side([3, 4, 5]))).toEqual(['not_worse'])
  expect(verdicts(side([1, 2, 3]), side([2.9, 40, 50]))).toEqual(['not_worse'])
  expect(verdicts(side([3, 4, 5]), side([1, 2, 2]))).toEqual(['not_worse'])
})

test('a rate is worse where it is lower', () => {
  const rate = { unit: '/s', sense: 'at_least' } as const
  expect(verdicts(side([10, 11, 12], rate), side([7, 8, 9], rate))).toEqual(['worse'])
  expect(verdicts(side([10, 11, 12], rate), side([7, 8, 10], rate))).toEqual(['not_worse'])
  expect(verdicts(side([10, 11, 12], rate), side([20, 21, 22], rate))).toEqual(['not_worse'])
})

test('a machine that is twice as slow makes neither a time nor a rate worse', () => {
  const values = [10, 11, 12]
  const slow = (bar: Partial<Bar>, factor: number) => values.map((value) => run({ ...bar, value: value * factor }, 2))
  expect(verdicts(side(values), slow({}, 2))).toEqual(['not_worse'])
  const rate = { unit: '/s', sense: 'at_least' } as const
  expect(verdicts(side(values, rate), slow(rate, 0.5))).toEqual(['not_worse'])
  // And one that is as fast as before does not hide it.
  expect(verdicts(side(values), side(values.map((value) => value * 2)))).toEqual(['worse'])
})

test('memory and ratios are held against each other as they are, whatever the control took', () => {
  for (const unit of ['MB', ''] as const) {
    const ours = [4, 5, 6].map((value) => run({ unit, value }, 100))
    expect(verdicts(side([1, 2, 3], { unit }), ours)).toEqual(['worse'])
    expect(verdicts(side([-3, 2, 4], { unit }), ours)).toEqual(['not_worse'])
  }
})

test('a bar that is gone or was not measured fails, a new one does not', () => {
  expect(verdicts(side([1, 1, 1]), side([1, 1, 1], { measure: 'another' }))).toEqual(['missing', 'new'])
  expect(verdicts(side([1, 1, 1]), side([1, Number.NaN, 1]))).toEqual(['missing'])
  const failing = (['worse', 'missing', 'not_worse', 'new'] as const).filter((verdict) =>
    isRegression({ measure: '', theirs: [], ours: [], verdict }),
  )
  expect(failing).toEqual(['worse', 'missing'])
})

test('how often the same program would be called worse by chance is told', () => {
  const five = side([1, 2, 3, 4, 5])
  expect(compareRuns(five, five)).toMatchObject({ outcome: 'compared', falseAlarms: 252 })
})

test('too few runs, different scales and times without a control are refused', () => {
  const fine = side([1, 2, 3])
  expect(verdicts(fine, side([1, 2]))).toContain('3 runs a side are needed, there are 3 and 2')
  expect(
    verdicts(
      fine,
      [1, 2, 3].map((value) => run({ value }, 1, 0.5)),
    ),
  ).toContain('different scales')
  const bare = fine.map((each) => ({ ...each, rows: {} }))
  expect(verdicts(fine, bare)).toContain('no control')
})
