import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Files that are written by a program and committed. */
export interface GeneratedFiles {
  /** Path from the root -> text. */
  readonly files: ReadonlyMap<string, string>
  /** A directory in which nothing else of `extension` may lie. */
  readonly owns?: { readonly directory: string; readonly extension: string }
}

/** Paths whose text is not what the generator makes: stale, missing, or left over. */
export async function staleFiles(root: string, { files, owns }: GeneratedFiles): Promise<readonly string[]> {
  const stale: string[] = []
  for (const [path, text] of files) {
    const there = await readFile(join(root, path), 'utf8').catch(() => undefined)
    if (there !== text) stale.push(path)
  }
  return [...stale, ...(await leftOver(root, files, owns))]
}

/** Makes the files what the generator says; returns what it changed. */
export async function writeGenerated(root: string, generated: GeneratedFiles): Promise<readonly string[]> {
  const stale = await staleFiles(root, generated)
  for (const path of stale) {
    const text = generated.files.get(path)
    if (text === undefined) {
      await rm(join(root, path))
    } else {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
  }
  return stale
}

async function leftOver(
  root: string,
  files: ReadonlyMap<string, string>,
  owns: GeneratedFiles['owns'],
): Promise<readonly string[]> {
  if (!owns) return []
  const names = await readdir(join(root, owns.directory)).catch(() => [])
  return names
    .filter((name) => name.endsWith(owns.extension))
    .map((name) => `${owns.directory}/${name}`)
    .filter((path) => !files.has(path))
}
