import { expect, test } from 'bun:test'

import { KeyLock } from './key-lock.ts'

test('actions of one key run one after another in order, those of another key beside them', async () => {
  const lock = new KeyLock()
  const log: string[] = []
  const action = (name: string, ms: number) => async () => {
    log.push(`${name} begins`)
    await Bun.sleep(ms)
    log.push(`${name} ends`)
    return name
  }
  const results = await Promise.all([
    lock.run('k', action('first', 20)),
    lock.run('k', action('second', 1)),
    lock.run('other', action('beside', 1)),
  ])
  expect(results).toEqual(['first', 'second', 'beside'])
  expect(log.filter((line) => !line.startsWith('beside'))).toEqual(['first begins', 'first ends', 'second begins', 'second ends'])
  expect(log.indexOf('beside ends')).toBeLessThan(log.indexOf('first ends'))
})

test('an action that fails fails its own caller and lets the next one run', async () => {
  const lock = new KeyLock()
  const failing = lock.run('k', () => Promise.reject(new Error('mine')))
  const next = lock.run('k', async () => 'fine')
  expect(failing).rejects.toThrow('mine')
  expect(await next).toBe('fine')
})
