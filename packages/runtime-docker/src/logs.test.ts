import { expect, test } from 'bun:test'

import * as fc from 'fast-check'

import { FrameSplitter, type Frame } from './frames.ts'
import { LineAssembler } from './logs.ts'

const encode = (frames: readonly Frame[]): Buffer =>
  Buffer.concat(
    frames.flatMap(({ stream, bytes }) => {
      const header = Buffer.alloc(8)
      header[0] = stream === 'stderr' ? 2 : 1
      header.writeUInt32BE(bytes.length, 4)
      return [header, Buffer.from(bytes)]
    }),
  )
const frame = fc.record({
  stream: fc.constantFrom('stdout' as const, 'stderr' as const),
  bytes: fc.uint8Array({ maxLength: 40 }),
})

test('frames come out as they went in, however the stream was cut', () => {
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 10 }), fc.integer({ min: 1, max: 13 }), (frames, cut) => {
      const splitter = new FrameSplitter()
      const wire = encode(frames)
      const found: Frame[] = []
      for (let at = 0; at < wire.length; at += cut) found.push(...splitter.push(wire.subarray(at, at + cut)))
      expect(found.map(({ stream, bytes }) => [stream, [...bytes]])).toEqual(
        frames.map(({ stream, bytes }) => [stream, [...bytes]]),
      )
    }),
  )
})

const time = '2026-01-01T00:00:00.000000000Z'
const text = (stream: Frame['stream'], line: string): Frame => ({ stream, bytes: Buffer.from(`${time} ${line}`) })

test('a long line that the engine cut in frames is one line, of each stream by itself', () => {
  const lines = new LineAssembler()
  expect(lines.push(text('stdout', 'one '))).toEqual([])
  expect(lines.push(text('stderr', 'other\n'))).toEqual([{ stream: 'stderr', time, text: 'other' }])
  expect(lines.push(text('stdout', 'and two\r\n'))).toEqual([{ stream: 'stdout', time, text: 'one and two' }])
  expect(lines.push(text('stdout', 'no newline'))).toEqual([])
  expect(lines.rest()).toEqual([{ stream: 'stdout', time, text: 'no newline' }])
})

test('a line without end is handed on in pieces', () => {
  const lines = new LineAssembler()
  const piece = 'x'.repeat(600_000)
  expect(lines.push(text('stdout', piece))).toHaveLength(0)
  expect(lines.push(text('stdout', piece))).toHaveLength(1)
  expect(lines.rest()).toHaveLength(0)
})
