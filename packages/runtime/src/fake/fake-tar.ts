import type { FakeFiles } from './fake-files.ts'

const blockBytes = 512

/** A ustar archive of regular files, mode 0644: enough for whoever reads a directory from the fake. */
export function fakeTar(files: FakeFiles): Uint8Array {
  const blocks: Uint8Array[] = []
  for (const [name, body] of files) {
    const padding = (blockBytes - (body.byteLength % blockBytes)) % blockBytes
    blocks.push(header(name, body.byteLength), body, new Uint8Array(padding))
  }
  return Buffer.concat([...blocks, new Uint8Array(2 * blockBytes)])
}

function header(name: string, sizeBytes: number): Uint8Array {
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, width: number) => value.toString(8).padStart(width - 1, '0')
  block.write(name, 0, 100)
  block.write(octal(0o644, 8), 100)
  block.write(octal(1000, 8), 108)
  block.write(octal(1000, 8), 116)
  block.write(octal(sizeBytes, 12), 124)
  block.write(octal(0, 12), 136)
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar\u000000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}
