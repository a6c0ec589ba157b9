import { link, open, rename, unlink } from 'node:fs/promises'
import { resolve } from 'node:path'

/** Writes a private file that appears whole or not at all. Refuses to replace one that is there, unless told to. Resolves to its size. */
export async function writeFileWhole(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { replace = false }: { readonly replace?: boolean } = {},
): Promise<number> {
  const target = resolve(path)
  const scratch = `${target}.${process.pid}.part`
  const file = await open(scratch, 'wx', 0o600)
  let sizeBytes = 0
  try {
    for await (const chunk of chunks) {
      await file.writeFile(chunk)
      sizeBytes += chunk.byteLength
    }
    await file.sync()
    await (replace ? rename(scratch, target) : link(scratch, target))
  } finally {
    await file.close()
    await unlink(scratch).catch(ignoreGone)
  }
  return sizeBytes
}

function ignoreGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
