import { describe, expect, test } from 'bun:test'

import { ambientState } from './ambient-state.ts'
import { dependencyDirection, importsOf } from './dependency-direction.ts'
import { documentLinks } from './document-links.ts'
import { fileNames } from './file-names.ts'
import { honestTests } from './honest-tests.ts'
import { namedFiles } from './named-files.ts'
import { oneBarrel } from './one-barrel.ts'
import { outsideNames } from './outside-names.ts'
import { readmes } from './readmes.ts'
import { reasons } from './reasons.ts'
import type { Rule } from './rule.ts'

/** What the rule says of one file. */
const told = (rule: Rule, path: string, text = '') => rule.find([{ path, text }]).map(({ what }) => what)

describe('dependency direction', () => {
  const imports = (path: string, target: string) => told(dependencyDirection, path, `import { x } from '${target}'\n`)

  test('an import against the order is found, with the reason', () => {
    expect(imports('packages/base/src/a.ts', '@boilerhouse/resources')).toEqual([
      'base may not import resources (nothing of ours)',
    ])
    expect(imports('packages/store/src/a.ts', '@boilerhouse/runtime')).toEqual([
      'store may not import runtime (only base, resources)',
    ])
    expect(imports('packages/claims/src/a.ts', '@boilerhouse/controllers')).toHaveLength(1)
    expect(imports('packages/controllers/src/a.ts', '@boilerhouse/api')).toHaveLength(1)
    expect(dependencyDirection.why).toContain('only apps import adapters')
  })

  test('only apps import adapters', () => {
    expect(imports('packages/api/src/a.ts', '@boilerhouse/store-postgres')).toHaveLength(1)
    expect(imports('packages/runtime-docker/src/a.ts', '@boilerhouse/store-postgres')).toHaveLength(1)
    expect(imports('apps/boilerhouse/src/compose.ts', '@boilerhouse/store-postgres')).toEqual([])
    expect(imports('packages/testkit/src/a.ts', '@boilerhouse/store-postgres')).toEqual([])
    expect(imports('packages/api/src/a.test.ts', '@boilerhouse/store-postgres')).toEqual([])
  })

  test('an adapter imports its own port, resources and base, and has one vendor library', () => {
    expect(imports('packages/runtime-docker/src/a.ts', '@boilerhouse/runtime')).toEqual([])
    expect(imports('packages/runtime-docker/src/a.ts', '@boilerhouse/store')).toHaveLength(1)
    const manifest = (dependencies: object) =>
      told(dependencyDirection, 'packages/runtime-docker/package.json', JSON.stringify({ dependencies }))
    expect(manifest({ dockerode: '1', '@types/dockerode': '1', '@boilerhouse/base': 'x' })).toEqual([])
    expect(manifest({ dockerode: '1', tar: '1' })).toEqual([
      'an adapter has one vendor library, runtime-docker has 2: dockerode, tar',
    ])
  })

  test('an import that climbs out of its package, or goes past mod.ts, is found', () => {
    expect(imports('packages/api/src/a.ts', '../../store/src/store.ts')).toHaveLength(1)
    expect(imports('packages/api/src/routes/a.ts', '../a.ts')).toEqual([])
    expect(imports('packages/api/src/a.ts', '@boilerhouse/store/src/store.ts')).toHaveLength(1)
    expect(imports('apps/boilerhouse/src/a.ts', '@boilerhouse/testkit')).toHaveLength(1)
    expect(imports('packages/brand-new/src/a.ts', '@boilerhouse/store')[0]).toContain('no place in the order')
  })

  test('every form of import is seen, comments are not', () => {
    const text = `import 'a'\nimport type { X } from "b"\nexport * from 'c'\nconst d = await import('d')\n// import 'e'\n/* from 'f' */`
    expect(importsOf(text)).toEqual([
      { line: 1, target: 'a' },
      { line: 2, target: 'b' },
      { line: 3, target: 'c' },
      { line: 4, target: 'd' },
    ])
  })
})

test('a name that says nothing or is not kebab-case is found', () => {
  expect(told(fileNames, 'packages/x/src/utils.ts')).toHaveLength(1)
  expect(told(fileNames, 'packages/x/src/pool-manager.test.ts')).toHaveLength(1)
  expect(told(fileNames, 'packages/x/src/poolPlan.ts')).toEqual(['"poolPlan.ts" is not kebab-case'])
  expect(told(fileNames, 'packages/x/src/plan-pool.test.ts')).toEqual([])
  expect(told(fileNames, 'apps/dashboard/src/PoolTable.tsx')).toEqual([])
})

test('a package without mod.ts, and a second barrel, are found', () => {
  expect(told(oneBarrel, 'packages/x/package.json')).toEqual(['has no mod.ts'])
  expect(told(oneBarrel, 'packages/x/src/mod.ts')).toHaveLength(1)
  expect(told(oneBarrel, 'packages/x/mod.ts')).toEqual([])
})

test('time, chance, environment and mutable module state are found outside base and config', () => {
  for (const text of [
    'const t = Date.now()',
    'new Date()',
    'Math.random()',
    'process.env.HOME',
    'Bun.env.HOME',
    'let counter = 0',
    'export let x = 1',
  ]) {
    expect(told(ambientState, 'packages/claims/src/claim.ts', text)).toHaveLength(1)
    expect(told(ambientState, 'packages/base/src/clock.ts', text)).toEqual([])
    expect(told(ambientState, 'apps/boilerhouse/src/config/load-config.ts', text)).toEqual([])
    expect(told(ambientState, 'packages/claims/src/claim.test.ts', text)).toEqual([])
  }
  expect(told(ambientState, 'packages/claims/src/claim.ts', '// Date.now() jumps\n  let inner = new Date(ms)')).toEqual([])
})

test('a registry host and a path of one machine are found', () => {
  expect(told(outsideNames, 'bun.lock', ['https://registry', '.npmjs.org/x'].join(''))).toHaveLength(1)
  expect(told(outsideNames, 'docs/a.md', ['http://deb', '.debian.org/debian'].join(''))).toHaveLength(1)
  expect(told(outsideNames, 'docs/a.md', ['cd /', 'work/main'].join(''))).toHaveLength(1)
  expect(told(outsideNames, 'docs/a.md', ['/', 'home/alice/x'].join(''))).toHaveLength(1)
  expect(told(outsideNames, 'docs/a.md', 'see /run/boilerhouse and https://example.org/work/')).toEqual([])
})

test('a skipped, lone, retried or mocking test is found', () => {
  for (const text of [
    "test.skip('x')",
    "describe.only('x')",
    "it.todo('x')",
    "mock.module('x')",
    "spyOn(a, 'b')",
    "test('x', f, { retry: 3 })",
  ]) {
    expect(told(honestTests, 'packages/x/src/a.test.ts', text)).toHaveLength(1)
  }
  expect(told(honestTests, 'packages/x/src/a.test.ts', "test('skips what is done', f)")).toEqual([])
})

test('an exemption without a reason and work left for later are found', () => {
  expect(told(reasons, 'packages/x/src/a.ts', '// oxlint-disable-next-line no-shadow')).toHaveLength(1)
  expect(told(reasons, 'packages/x/src/a.ts', '// oxlint-disable-next-line no-shadow -- two scopes, one word')).toEqual([])
  expect(told(reasons, 'packages/x/src/a.ts', '// @ts-ignore')).toHaveLength(1)
  expect(told(reasons, 'packages/x/src/a.ts', '// TODO: retry')).toHaveLength(1)
})

test('a package without a README, or with an empty one, is found', () => {
  expect(told(readmes, 'packages/x/package.json')).toEqual(['has no README.md'])
  const find = (text: string) =>
    readmes.find([
      { path: 'examples/demo/workload.yaml', text: '' },
      { path: 'examples/demo/README.md', text },
    ])
  expect(find('# demo')).toHaveLength(1)
  expect(find('word '.repeat(60))).toEqual([])
})

test('a link to a file that is not there is found', () => {
  const find = (link: string) =>
    documentLinks.find([
      { path: 'docs/a.md', text: `see [it](${link})` },
      { path: 'docs/errors/x.md', text: '' },
    ])
  expect(find('errors/y.md')).toHaveLength(1)
  for (const link of ['errors/x.md', './errors/x.md#part', 'errors/', '#here', 'https://example.org/x', '../docs/a.md'])
    expect(find(link)).toEqual([])
})

test('a document that names a source file which is not there is found', () => {
  const find = (text: string) =>
    namedFiles.find([
      { path: 'packages/x/README.md', text },
      { path: 'packages/x/src/claim.ts', text: '' },
    ])
  expect(find('| `src/claim.ts`, `clean.ts` |')).toEqual([
    { path: 'packages/x/README.md', line: 1, what: 'names clean.ts, which is not there' },
  ])
  expect(find('| `aim.ts` |')).toHaveLength(1)
  for (const text of [
    '`claim.ts`',
    '`packages/x/src/claim.ts`',
    '`<kind>-rules.ts`, `*.fixture.ts`',
    'claims.ts',
    '`claims.json`',
  ])
    expect(find(text)).toEqual([])
})
