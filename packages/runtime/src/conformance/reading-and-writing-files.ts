import { describe, expect } from 'bun:test'

import { stream, text } from './bytes.ts'
import { codeOf } from './code-of.ts'
import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function readingAndWritingFiles(at: RuntimeUnderTest): void {
  const { read, run, write } = at

  describe('files', () => {
    it('a file written is read back whole; a directory comes as tar', async () => {
      const containerId = await run()
      const body = new Uint8Array(200_000).map((_, index) => index % 251)
      expect(await at.runtime.writeFile(containerId, '/state/body.bin', stream(body), 1_000_000, never)).toEqual({
        sizeBytes: 200_000,
      })
      const file = await at.runtime.readFile(containerId, '/state/body.bin', never)
      expect(file).toMatchObject({ kind: 'file', sizeBytes: 200_000 })
      expect(new Uint8Array(await new Response(file.body).arrayBuffer())).toEqual(body)
      await write(containerId, '/state/body.bin', 'shorter')
      expect(await read(containerId, '/state/body.bin')).toBe('shorter')
      const directory = await at.runtime.readFile(containerId, '/state', never)
      expect(directory.kind).toBe('directory')
      const tar = text(new Uint8Array(await new Response(directory.body).arrayBuffer()))
      expect(tar).toContain('body.bin')
      expect(tar).toContain('shorter')
    })

    it('files that are missing, denied or too large are told apart, and a file too large leaves the old one', async () => {
      const containerId = await run()
      expect(await codeOf(read(containerId, '/state/none'))).toBe('container.file_not_found')
      expect(await codeOf(write(containerId, '/state/no/such/directory', 'x'))).toBe('container.file_not_found')
      expect(await codeOf(write(containerId, '/bin/sh', 'x'))).toBe('container.file_denied')
      await write(containerId, '/state/a', 'old')
      const large = at.runtime.writeFile(containerId, '/state/a', stream('x'.repeat(2000)), 1000, never)
      expect(await codeOf(large)).toBe('request.too_large')
      expect(await read(containerId, '/state/a')).toBe('old')
    })

    it('a directory read as tar is unpacked whole elsewhere, beside what is there; what is no tar changes nothing', async () => {
      const [from, to] = await Promise.all([run(), run()])
      await write(from, '/state/one', 'first')
      await write(from, '/state/two', 'second')
      await write(to, '/state/two', 'old')
      await write(to, '/state/three', 'stays')
      const put = (bytes: Uint8Array, limitBytes = 1_000_000) =>
        at.runtime.writeDirectory(to, '/state', stream(bytes), limitBytes, never)
      const tar = new Uint8Array(await new Response((await at.runtime.readFile(from, '/state', never)).body).arrayBuffer())
      expect(await codeOf(put(new TextEncoder().encode('no tar at all'.repeat(100))))).toBe('request.malformed')
      expect(await codeOf(put(tar, 1000))).toBe('request.too_large')
      expect(await read(to, '/state/two')).toBe('old')
      expect(await put(tar)).toEqual({ sizeBytes: tar.byteLength })
      const found = ['one', 'two', 'three'].map((name) => read(to, `/state/${name}`))
      expect(await Promise.all(found)).toEqual(['first', 'second', 'stays'])
      expect(await codeOf(at.runtime.writeDirectory(to, '/bin', stream(tar), 1_000_000, never))).toBe('container.file_denied')
    })

    it('a name with quotes, spaces and a leading dash is only a name', async () => {
      const containerId = await run()
      const path = `/state/-rf it's "a" $(name);`
      await write(containerId, path, 'odd')
      expect(await read(containerId, path)).toBe('odd')
    })
  })
}
