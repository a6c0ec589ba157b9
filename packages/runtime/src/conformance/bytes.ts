export const text = (value: Uint8Array): string => new TextDecoder().decode(value)
export const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
export const stream = (value: string | Uint8Array): ReadableStream<Uint8Array> =>
  new Response(typeof value === 'string' ? value : new Uint8Array(value)).body ?? new ReadableStream<Uint8Array>()
