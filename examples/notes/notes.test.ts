import { beforeAll, expect, test } from 'bun:test'
import { chmod, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { buildExamples, fetchInside, startHardened, temporaryDirectory } from '../hardened-container.fixture.ts'

beforeAll(buildExamples, 120_000)

test('notes keeps its files in the volume, where the next container finds them', async () => {
  await using data = await temporaryDirectory('notes')
  await chmod(data.path, 0o777)
  const binds = [`${data.path}:/data`]
  {
    await using first = await startHardened({ image: 'boilerhouse/notes', binds, pids: 32 })
    expect(await first.evaluate(fetchInside('/healthz'))).toBe('200 ok')
    expect(await first.evaluate(fetchInside('/notes/todo', `{ method: 'PUT', body: 'buy milk' }`))).toBe('201 kept todo')
    expect(await first.stop()).toBe(0)
  }
  expect(await readdir(data.path)).toEqual(['todo'])
  expect(await readFile(join(data.path, 'todo'), 'utf8')).toBe('buy milk')
  await using second = await startHardened({ image: 'boilerhouse/notes', binds })
  expect(await second.evaluate(fetchInside('/notes'))).toBe('200 {"notes":["todo"]}')
  expect(await second.evaluate(fetchInside('/notes/todo'))).toBe('200 buy milk')
  expect(await second.evaluate(fetchInside('/notes/todo', `{ method: 'DELETE' }`))).toBe('200 removed todo')
  expect(await second.evaluate(fetchInside('/notes/todo'))).toBe('404 no such note')
})

test('notes takes no path for a name', async () => {
  await using data = await temporaryDirectory('notes')
  await chmod(data.path, 0o777)
  await using container = await startHardened({ image: 'boilerhouse/notes', binds: [`${data.path}:/data`] })
  for (const name of ['..%2Fetc', '.hidden', '%2e%2e', 'a%2fb']) {
    expect(await container.evaluate(fetchInside(`/notes/${name}`, `{ method: 'PUT', body: 'x' }`))).toStartWith('404')
  }
  expect(await readdir(data.path)).toEqual([])
})
