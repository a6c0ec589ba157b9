import { expect, test } from 'bun:test'

import { gatherReads } from './gather-reads.ts'

function recordingReader() {
  const asked: (readonly string[])[] = []
  const read = gatherReads(async (ids: readonly string[]) => {
    asked.push(ids)
    if (ids.includes('broken')) throw new Error('no answer')
    return ids.filter((id) => id !== 'missing').map((id) => ({ id }))
  })
  return { asked, read }
}

test('reads of one turn are one statement, each gets its own record, and what is missing is undefined', async () => {
  const { asked, read } = recordingReader()
  expect(await Promise.all([read('a'), read('missing'), read('b'), read('a')])).toEqual([
    { id: 'a' },
    undefined,
    { id: 'b' },
    { id: 'a' },
  ])
  expect(asked).toEqual([['a', 'missing', 'b']])
})

test('a read that comes once the statement has left is not answered by it', async () => {
  const { asked, read } = recordingReader()
  await read('a')
  await read('a')
  expect(asked).toHaveLength(2)
})

test('a failure reaches all who asked, and nobody after them', async () => {
  const { read } = recordingReader()
  const outcomes = await Promise.allSettled([read('broken'), read('a')])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await read('a')).toEqual({ id: 'a' })
})
