import { Fault } from '@boilerhouse/base'

import { authority, type Forward } from './forward-http.ts'
import { requestHeaders } from './proxy-headers.ts'

/** What either side may have waiting for the other; a reader that falls further behind is cut off. */
const maxWaitingBytes = 16 * 1_048_576
const openWithinMs = 10_000

type Client = Bun.ServerWebSocket<unknown>

export interface SocketBridge {
  /** What the container chose of the subprotocols. */
  readonly protocol: string
  readonly handlers: {
    readonly open: (client: Client) => void
    readonly message: (client: Client, message: string | Buffer) => void
    readonly close: (client: Client, code: number, reason: string) => void
  }
  abandon(): void
}

/** Opens the container's side first: what it answers decides whether the caller's side is opened at all. */
export async function bridgeSocket({
  request,
  upstream,
  path,
  sender,
  noteActivity,
  signal,
  cutOff,
}: Forward): Promise<SocketBridge> {
  const offered = (request.headers.get('sec-websocket-protocol') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const headers = Object.fromEntries(requestHeaders(request.headers, sender))
  const socket = new WebSocket(`ws://${authority(upstream)}${path}`, {
    headers,
    ...(offered.length > 0 && { protocols: offered }),
  })
  socket.binaryType = 'arraybuffer'
  let client: Client | undefined
  const early: (string | ArrayBuffer)[] = []
  const toClient = (data: string | ArrayBuffer): void => {
    noteActivity()
    if (!client) return void early.push(data)
    client.send(data)
    if (client.getBufferedAmount() > maxWaitingBytes) client.close(1013, 'too slow')
  }
  socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => toClient(data))
  await opened(socket, upstream.port, signal)
  socket.addEventListener('close', ({ code, reason }) => client?.close(sendableCode(code), reason))
  const onCutOff = () => {
    client?.close(1008, 'the key is no longer valid, or the server stops')
    socket.close()
  }
  cutOff.addEventListener('abort', onCutOff, { once: true })
  return {
    protocol: socket.protocol,
    abandon: () => socket.close(),
    handlers: {
      open(opening) {
        client = opening
        for (const data of early.splice(0)) toClient(data)
        if (socket.readyState !== WebSocket.OPEN || cutOff.aborted) opening.close(1001)
      },
      message(sending, message) {
        noteActivity()
        if (socket.readyState === WebSocket.OPEN) socket.send(typeof message === 'string' ? message : new Uint8Array(message))
        if (socket.bufferedAmount > maxWaitingBytes) sending.close(1013, 'too fast')
      },
      close(_closed, code, reason) {
        cutOff.removeEventListener('abort', onCutOff)
        socket.close(sendableCode(code), reason)
      },
    },
  }
}

/** 1005, 1006 and 1015 say how a connection ended and may not be sent. */
const sendableCode = (code: number): number => (code >= 3000 && code < 5000 ? code : 1000)

async function opened(socket: WebSocket, port: number, signal: AbortSignal): Promise<void> {
  const outcome = Promise.withResolvers<boolean>()
  const settled = new AbortController()
  const listen = { signal: settled.signal }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(openWithinMs)])
  socket.addEventListener('open', () => outcome.resolve(true), listen)
  for (const event of ['error', 'close'] as const) socket.addEventListener(event, () => outcome.resolve(false), listen)
  limit.addEventListener('abort', () => outcome.resolve(false), listen)
  const isOpen = await outcome.promise
  settled.abort()
  if (isOpen) return
  socket.close()
  throw new Fault('proxy.unreachable', `No WebSocket answers on port ${port} of the container`)
}
