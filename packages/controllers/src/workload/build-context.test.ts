import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isFault } from '@boilerhouse/base'

import { resolveBuildContext } from './build-context.ts'

let root = ''
let outside = ''
beforeAll(async () => {
  const base = await realpath(await mkdtemp(join(tmpdir(), 'build-context-')))
  root = join(base, 'workloads')
  outside = join(base, 'workloads-other')
  await mkdir(join(root, 'demo'), { recursive: true })
  await mkdir(outside)
  await writeFile(join(root, 'demo', 'Dockerfile'), 'FROM scratch')
  await writeFile(join(outside, 'secret'), 'x')
  await symlink(outside, join(root, 'escape'))
  await symlink(join(root, 'demo'), join(root, 'alias'))
  await symlink(join(outside, 'secret'), join(root, 'demo', 'Dockerfile.link'))
})
afterAll(() => rm(join(root, '..'), { recursive: true }))

const refused = async (build: { context: string; dockerfile?: string }) => {
  const error = await resolveBuildContext(root, build).catch((fault: unknown) => fault)
  return isFault(error, 'workload.context_outside')
}

describe('resolveBuildContext', () => {
  test('a context below the directory is taken, by any way that leads there', async () => {
    const demo = join(root, 'demo')
    expect(await resolveBuildContext(root, { context: 'demo' })).toEqual({ context: demo })
    expect(await resolveBuildContext(root, { context: demo })).toEqual({ context: demo })
    expect(await resolveBuildContext(root, { context: 'alias', dockerfile: 'Dockerfile' })).toEqual({
      context: demo,
      dockerfile: 'Dockerfile',
    })
  })
  test('what lies outside is refused, links included, and like what is not there', async () => {
    for (const context of ['..', '/etc', '../workloads-other', 'escape', 'nowhere', 'demo/Dockerfile'])
      expect([context, await refused({ context })]).toEqual([context, true])
  })
  test('a dockerfile that leads out of its context is refused', async () => {
    for (const dockerfile of ['../../workloads-other/secret', 'Dockerfile.link', '/etc/passwd', 'missing'])
      expect([dockerfile, await refused({ context: 'demo', dockerfile })]).toEqual([dockerfile, true])
  })
})
