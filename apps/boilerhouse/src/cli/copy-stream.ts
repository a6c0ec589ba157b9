/** Copies a streamed answer to the output as it comes. */
export async function copyStream(
  stream: ReadableStream<Uint8Array> | null | undefined,
  write: (chunk: Uint8Array) => void,
): Promise<void> {
  if (!stream) return
  for await (const chunk of stream) write(chunk)
}
