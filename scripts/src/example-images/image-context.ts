import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Built from `examples/<name>` as `boilerhouse/<name>`; the others start from it. */
export const baseImage = 'bun-base'
export const derivedImages = ['demo', 'notes', 'sandbox'] as const

export const tagOf = (name: string): string => `boilerhouse/${name}`

/** What is not part of the image lies beside it. */
const isContext = (name: string): boolean => !/\.(md|ya?ml|test\.ts)$/.test(name)

/** The files of an example's build context. */
export async function contextFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && isContext(entry.name))
    .map((entry) => entry.name)
    .sort()
}

/** Changes whenever the image would come out differently: with a file of its context, or with what the base is made of. */
export async function recipeDigest(directory: string, basis: string): Promise<string> {
  const hash = createHash('sha256').update(basis)
  for (const name of await contextFiles(directory)) hash.update(`\0${name}\0`).update(await readFile(join(directory, name)))
  return hash.digest('hex').slice(0, 32)
}

/** What the base is made of, by content: the same in every checkout, so that two of them share their images. */
export async function baseBasis(busybox: string, libraries: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(`${Bun.version} ${Bun.revision} ${process.arch}`)
  for (const path of [busybox, ...libraries]) hash.update(await readFile(path))
  return hash.digest('hex')
}
