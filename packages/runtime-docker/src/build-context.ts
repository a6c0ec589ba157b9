import { lstat, open, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'

import { isErrno } from './volumes/entries.ts'

/**
 * A build context as a tar archive, file by file. Symbolic links are sent as links, never followed: what they point to outside is
 * not in the archive. `.dockerignore` is honoured; it and the Dockerfile are always sent.
 */
export async function* tarOfContext(context: string, dockerfile: string): AsyncGenerator<Uint8Array> {
  const isIgnored = await readIgnore(context)
  const always = new Set(['.dockerignore', dockerfile])
  yield* tarOfDirectory(context, '', (path) => !always.has(path) && isIgnored(path))
  yield Buffer.alloc(1024)
}

async function* tarOfDirectory(context: string, below: string, isLeftOut: (path: string) => boolean): AsyncGenerator<Uint8Array> {
  for (const name of (await readdir(join(context, below))).sort()) {
    const path = below === '' ? name : `${below}/${name}`
    const info = await lstat(join(context, path))
    // An ignored directory is walked all the same: `!` may take back what lies in it.
    if (info.isDirectory()) {
      if (!isLeftOut(path)) yield header({ path: `${path}/`, type: '5', mode: info.mode, sizeBytes: 0 })
      yield* tarOfDirectory(context, path, isLeftOut)
    } else if (isLeftOut(path)) continue
    else if (info.isSymbolicLink()) {
      const link = await readlink(join(context, path))
      yield header({ path, type: '2', mode: 0o777, sizeBytes: 0, link })
    } else if (info.isFile()) {
      yield header({ path, type: '0', mode: info.mode, sizeBytes: info.size })
      yield* paddedFile(join(context, path), info.size)
    }
  }
}

/** Exactly `sizeBytes`, as the header said, even where the file changes meanwhile. */
async function* paddedFile(path: string, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r')
  try {
    let left = sizeBytes
    while (left > 0) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.min(left, 65_536)))
      if (bytesRead === 0) break
      left -= bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    yield Buffer.alloc(left + ((512 - (sizeBytes % 512)) % 512))
  } finally {
    await file.close()
  }
}

interface TarEntry {
  readonly path: string
  readonly type: '0' | '2' | '5' | 'x'
  readonly mode: number
  readonly sizeBytes: number
  readonly link?: string
}

/** ustar, with a pax header before it for what its fields cannot hold. Owner root and no times: equal contexts give equal layers. */
function header(entry: TarEntry): Uint8Array {
  const records = [paxRecord('path', entry.path, 100), paxRecord('linkpath', entry.link ?? '', 100)].join('')
  if (records === '') return block(entry)
  const body = Buffer.from(records)
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512)
  return Buffer.concat([block({ path: 'pax', type: 'x', mode: 0o644, sizeBytes: body.length }), body, padding, block(entry)])
}

/** "<length of the record, itself included> <key>=<value>\n" */
function paxRecord(key: string, value: string, fieldBytes: number): string {
  if (Buffer.byteLength(value) <= fieldBytes) return ''
  const rest = Buffer.byteLength(` ${key}=${value}\n`)
  const digits = String(rest + String(rest).length).length
  return `${rest + digits} ${key}=${value}\n`
}

function block({ path, type, mode, sizeBytes, link = '' }: TarEntry): Buffer {
  const out = Buffer.alloc(512)
  const octal = (value: number, at: number, length: number) => out.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at)
  out.write(path, 0, 100)
  octal(mode & 0o7777, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(sizeBytes, 124, 12)
  octal(0, 136, 12)
  out.fill(0x20, 148, 156)
  out.write(type, 156)
  out.write(link, 157, 100)
  out.write('ustar\x0000', 257)
  out.write(
    `${out
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return out
}

async function readIgnore(context: string): Promise<(path: string) => boolean> {
  try {
    return ignoreFilter(await readFile(join(context, '.dockerignore'), 'utf8'))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return () => false
    throw error
  }
}

/** The last rule that fits a path, or a directory above it, decides; `!` takes back. */
export function ignoreFilter(text: string): (path: string) => boolean {
  const rules = text.split('\n').flatMap((line) => {
    const trimmed = line.trim()
    if (trimmed === '' || trimmed.startsWith('#')) return []
    const isBack = trimmed.startsWith('!')
    return [{ isBack, pattern: patternOf(trimmed.slice(isBack ? 1 : 0).trim()) }]
  })
  return (path) => rules.reduce((isIgnored, rule) => (rule.pattern.test(path) ? !rule.isBack : isIgnored), false)
}

function patternOf(glob: string): RegExp {
  const clean = glob.replace(/^\.?\/+/, '').replace(/\/+$/, '')
  const source = clean.replace(/\*\*\/|\*\*|\*|\?|[.+^${}()|[\]\\]/g, (token) => {
    if (token === '**/') return '(?:.*/)?'
    if (token === '**') return '.*'
    if (token === '*') return '[^/]*'
    return token === '?' ? '[^/]' : `\\${token}`
  })
  return new RegExp(`^${source}(?:/.*)?$`)
}
