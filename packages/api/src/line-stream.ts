/** An iteration as bytes, at the reader's pace; `signal` or a reader that leaves ends the iteration. */
export function toByteStream(source: AsyncIterable<string>, onCancel: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const iterator = source[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await iterator.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        onCancel()
        await iterator.return?.()
      },
    },
    { highWaterMark: 16 },
  )
}

/** Passes bytes on and fails the stream beyond `limitBytes`: its reader sees a cut transfer, not a short file. */
export function limitStream(
  body: ReadableStream<Uint8Array>,
  limitBytes: number,
  onExceeded: () => Error,
): ReadableStream<Uint8Array> {
  let size = 0
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength
        if (size > limitBytes) controller.error(onExceeded())
        else controller.enqueue(chunk)
      },
    }),
  )
}
