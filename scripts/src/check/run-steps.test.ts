import { expect, test } from 'bun:test'

import { judge } from './check-steps.ts'
import { runSteps } from './run-steps.ts'

const step = (name: string, isOk: boolean, output = '') => ({ name, run: async () => ({ isOk, output }) })

test('each step is one line with its time, in order; one that fails shows why, and the others still run', async () => {
  let text = ''
  const steps = [
    step('types', true),
    step('lint', false, 'a.ts:1  bad\nb.ts:2  worse'),
    { name: 'broken', run: () => Promise.reject(new Error('no tool')) },
    step('format', true),
  ]
  const failed = await runSteps(steps, (part) => (text += part))
  expect(failed).toEqual(['lint', 'broken'])
  const lines = text.split('\n').filter((line) => /^ {2}\S/.test(line))
  expect(lines.map((line) => line.replace(/\s+[\d.]+ s$/, '').trim())).toEqual([
    'ok      types',
    'FAILED  lint',
    'FAILED  broken',
    'ok      format',
  ])
  expect(text).toContain('          b.ts:2  worse\n')
  expect(text).toContain('no tool')
})

test('a rule with a finding fails, with the place and the reason', () => {
  const rule = { name: 'x', why: 'because.', find: () => [{ path: 'a.ts', line: 3, what: 'is wrong' }] }
  expect(judge(rule, [])).toEqual({ isOk: false, output: 'a.ts:3  is wrong\nwhy: because.' })
  expect(judge({ ...rule, find: () => [] }, []).isOk).toBe(true)
})
