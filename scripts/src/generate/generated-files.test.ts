import { expect, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { staleFiles, writeGenerated } from './generated-files.ts'

test('a stale, a missing and a left-over file are told, and put right; what is right is left alone', async () => {
  const root = await mkdtemp(join(tmpdir(), 'bh-generated-'))
  try {
    await mkdir(join(root, 'docs'))
    await writeFile(join(root, 'docs/stale.md'), 'old')
    await writeFile(join(root, 'docs/left-over.md'), 'old')
    await writeFile(join(root, 'docs/right.md'), 'same')
    await writeFile(join(root, 'docs/picture.png'), '')
    const files = new Map([
      ['docs/stale.md', 'new'],
      ['docs/missing.md', 'new'],
      ['docs/right.md', 'same'],
    ])
    const generated = { files, owns: { directory: 'docs', extension: '.md' } }
    const stale = ['docs/stale.md', 'docs/missing.md', 'docs/left-over.md']
    expect(await staleFiles(root, generated)).toEqual(stale)
    expect(await writeGenerated(root, generated)).toEqual(stale)
    expect(await staleFiles(root, generated)).toEqual([])
    expect((await readdir(join(root, 'docs'))).sort()).toEqual(['missing.md', 'picture.png', 'right.md', 'stale.md'])
    expect(await readFile(join(root, 'docs/stale.md'), 'utf8')).toBe('new')
  } finally {
    await rm(root, { recursive: true, force: true })
  }
})
