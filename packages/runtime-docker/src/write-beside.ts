import { closeSync, constants, fchmodSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC

/**
 * Writes a file whole into `temporaryDir` and renames it to `target`, mode 0444: no reader ever sees half of one. Synchronous on
 * purpose: a few microseconds on a tmpfs, where every hop through the thread pool costs more than the write.
 */
export function writeBeside(temporaryDir: string, target: string, content: string | Uint8Array): void {
  const beside = join(temporaryDir, 'next')
  writeFresh(beside, content)
  renameSync(beside, target)
}

/** A whole file, mode 0444, or none. */
export function writeFresh(path: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  const fd = openFresh(path)
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(fd, bytes, written)
    fchmodSync(fd, 0o444)
  } catch (error) {
    unlinkSync(path)
    throw error
  } finally {
    closeSync(fd)
  }
}

/** One that a crash left just before its rename is read-only: in the way of a server that is not root. */
function openFresh(path: string): number {
  try {
    return openSync(path, flags, 0o600)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EACCES')) throw error
    unlinkSync(path)
    return openSync(path, flags, 0o600)
  }
}
