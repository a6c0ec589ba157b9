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

/** The regular files of an archive; undefined where it is none. */
export function fakeUntar(archive: Uint8Array): FakeFiles | undefined {
  const bytes = Buffer.from(archive)
  const textAt = (from: number, to: number) => bytes.subarray(from, to).toString().replace(/\0.*$/s, '')
  const files: FakeFiles = new Map()
  if (bytes.length < blockBytes) return undefined
  for (let at = 0; at + blockBytes <= bytes.length && bytes[at] !== 0;) {
    if (textAt(at + 257, at + 262) !== 'ustar') return undefined
    const sizeBytes = Number.parseInt(textAt(at + 124, at + 136), 8)
    const start = at + blockBytes
    if (bytes[at + 156] === 0x30) files.set(textAt(at, at + 100), Uint8Array.from(bytes.subarray(start, start + sizeBytes)))
    at = start + Math.ceil(sizeBytes / blockBytes) * blockBytes
  }
  return files
}
