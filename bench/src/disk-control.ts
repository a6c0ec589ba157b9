import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export interface DiskControl {
  /** 8 KiB, on the disk when it returns: what a durable commit cannot be faster than. */
  write(): void
  close(): void
}

export function openDiskControl(dataDir: string): DiskControl {
  const fd = openSync(join(dataDir, 'bench-control'), 'w')
  const block = new Uint8Array(8192).fill(7)
  return {
    write() {
      writeSync(fd, block, 0, block.length, 0)
      fdatasyncSync(fd)
    },
    close: () => closeSync(fd),
  }
}
