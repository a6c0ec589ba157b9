import { expect, test } from 'bun:test'

import { systemClock } from './clock.ts'
import { Fault } from './fault.ts'
import { createLogger, type LogLevel } from './log.ts'

function noted(level: LogLevel = 'debug') {
  const lines: string[] = []
  const logger = createLogger({ level, clock: { ...systemClock, nowMs: () => 0 }, write: (line) => lines.push(line) })
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> }
}

test('a line is one JSON object with time, level, message and fields', () => {
  const { logger, lines, last } = noted()
  logger.child({ pool: 'demo' }).child({ claim: 'c1' }).info('two\nlines', { ms: 1.5 })
  expect(lines).toHaveLength(1)
  expect(lines[0]).not.toContain('\n')
  expect(last()).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'info',
    message: 'two\nlines',
    pool: 'demo',
    claim: 'c1',
    ms: 1.5,
  })
})

test('what is below the level is not written', () => {
  const { logger, lines } = noted('warn')
  logger.debug('no')
  logger.info('no')
  logger.warn('yes')
  logger.error('yes')
  expect(lines).toHaveLength(2)
})

test('an error is written with its code, stack and causes', () => {
  const { logger, last } = noted()
  logger.error('failed', { error: new Fault('store.unavailable', 'down', { cause: new Error('refused') }) })
  expect(last()['error']).toMatchObject({
    name: 'Fault',
    message: 'down',
    code: 'store.unavailable',
    cause: { message: 'refused' },
  })
})

test('a field that cannot be written costs the fields, never the caller', () => {
  const { logger, last } = noted()
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  logger.info('still here', { circle })
  expect(last()).toMatchObject({ message: 'still here', unprintable: expect.stringContaining('cyclic') })
  logger.info('big', { bytes: 5n })
  expect(last()).toMatchObject({ bytes: '5' })
})
