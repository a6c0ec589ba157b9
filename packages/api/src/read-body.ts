import { Fault } from '@boilerhouse/base'

/** The JSON body, or undefined where it is empty. Throws `request.malformed`, `request.too_large`, `request.media_type`. */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  const declared = request.headers.get('content-length')
  if (declared !== null && Number(declared) > limitBytes) throw tooLarge(limitBytes)
  if (request.body === null || declared === '0') return undefined
  const mediaType = request.headers.get('content-type')
  if (mediaType !== null && !isJson(mediaType)) throw wrongType(mediaType)
  // A declared length is kept by the server: only a chunked body has to be counted as it comes.
  const bytes = declared === null ? await readCounted(request.body, limitBytes) : new Uint8Array(await request.arrayBuffer())
  if (bytes.byteLength === 0) return undefined
  if (mediaType === null) throw wrongType('none')
  return parse(bytes)
}

const isJson = (mediaType: string): boolean => /^application\/(?:json|[a-z0-9.+-]+\+json)\s*(?:;|$)/i.test(mediaType.trim())

const wrongType = (mediaType: string): Fault => new Fault('request.media_type', `The content type is ${mediaType.slice(0, 100)}`)

const tooLarge = (limitBytes: number): Fault => new Fault('request.too_large', `The body may have at most ${limitBytes} bytes`)

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Fault('request.malformed', 'The body is not well-formed JSON in UTF-8', { cause })
  }
}

async function readCounted(body: ReadableStream<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > limitBytes) throw tooLarge(limitBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
