import { expect, test } from 'bun:test'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { tarOf } from './tar-of.ts'

test('an image that was built with umask 077 can be read by the user its containers run as', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bh-tar-of-'))
  try {
    await mkdir(join(directory, 'app'), { mode: 0o700 })
    await writeFile(join(directory, 'app/server.ts'), '', { mode: 0o600 })
    await writeFile(join(directory, 'app/run'), '', { mode: 0o700 })
    await mkdir(join(directory, 'tmp'))
    await chmod(join(directory, 'tmp'), 0o1777)
    const packed = Bun.spawnSync([...tarOf(directory), '-c', '.'])
    const listed = Bun.spawnSync(['tar', '-tv', '--numeric-owner'], { stdin: packed.stdout }).stdout.toString()
    const modes = listed.split('\n').flatMap((line) => {
      const [mode, owner, , , , path] = line.split(/\s+/)
      return path === undefined ? [] : [[path, mode, owner]]
    })
    expect(modes.toSorted()).toEqual([
      ['./', 'drwxr-xr-x', '0/0'],
      ['./app/', 'drwxr-xr-x', '0/0'],
      ['./app/run', '-rwxr-xr-x', '0/0'],
      ['./app/server.ts', '-rw-r--r--', '0/0'],
      ['./tmp/', 'drwxrwxrwt', '0/0'],
    ])
  } finally {
    await rm(directory, { recursive: true })
  }
})
