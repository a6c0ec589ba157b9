import { afterAll, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { readDefinitionFile, readDefinitions } from './read-definitions.ts'

const directory = await mkdtemp(join(tmpdir(), 'boilerhouse-definitions-'))
afterAll(() => rm(directory, { recursive: true }))

test('workloads of the directory and one below are read before pools, and a bad file stops only itself', async () => {
  await mkdir(join(directory, 'notes'))
  await writeFile(
    join(directory, 'notes', 'notes.yaml'),
    'kind: pool\nid: p\nworkloadId: notes\n---\nkind: workload\nid: notes\nname: Notes\nimage: x\n',
  )
  await writeFile(join(directory, 'bad.yaml'), 'a: [1\n')
  await writeFile(join(directory, 'odd.yml'), 'kind: shoe\n')
  await writeFile(join(directory, 'plain.yml'), 'image: y\n')
  const { definitions, problems } = await readDefinitions(directory)
  expect(definitions.map(({ kind, id, file }) => [kind, id, file])).toEqual([
    ['workload', 'notes', 'notes/notes.yaml'],
    ['workload', 'plain', 'plain.yml'],
    ['pool', 'p', 'notes/notes.yaml'],
  ])
  expect(problems).toHaveLength(2)
  expect(problems.join()).toContain('kind must be workload or pool, got "shoe"')
})

test('a definition without an id gets the one the server would make of its name', async () => {
  const file = join(directory, 'My File.yaml')
  await writeFile(file, 'name: My Tools 2\nimage: x\n---\nkind: pool\nname: Small & Fast\nworkloadId: my-tools-2\n')
  expect((await readDefinitionFile(file)).definitions.map(({ id }) => id)).toEqual(['my-tools-2', 'small-fast'])
})
