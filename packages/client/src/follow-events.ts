import { ClientFault } from './client-fault.ts'
import type { Client } from './client.ts'
import { readLines } from './lines.ts'
import type { components } from './openapi.generated.ts'

export type Event = components['schemas']['Event']

export interface EventOptions {
  readonly tenant?: string
  readonly pool?: string
  readonly types?: readonly string[]
  /** Go on after this event; without it, with what happens from now on. */
  readonly cursor?: string
  readonly signal?: AbortSignal
  /** Told each time the stream stands, with the cursor it stands at. */
  readonly onReady?: (cursor: string) => void
}

const waitsMs = [100, 250, 500, 1000, 2000, 5000]

/**
 * Events as they happen, without a gap: where the connection breaks, the server stops or says that this reader is too slow, it
 * connects again after the last event. Throws `ClientFault` where coming back does not help (a bad key, an expired cursor).
 */
export async function* followEvents(client: Client, options: EventOptions = {}): AsyncGenerator<Event> {
  const { signal } = options
  let { cursor } = options
  for (let failures = 0; !signal?.aborted; failures++) {
    try {
      for await (const message of connect(client, options, cursor)) {
        failures = 0
        cursor = message.id ?? cursor
        if (message.name === 'ready' && cursor !== undefined) options.onReady?.(cursor)
        if (message.name === 'fault') throwIfFinal(message.data)
        if (message.name === 'message') yield JSON.parse(message.data) as Event // as the document says
      }
    } catch (error) {
      if (signal?.aborted) return
      const isWorthRetrying = !(error instanceof ClientFault) || error.status === 429 || error.status >= 500
      if (!isWorthRetrying) throw error
    }
    await pause(waitsMs[Math.min(failures, waitsMs.length - 1)] ?? 5000, signal)
  }
}

interface Message {
  readonly name: string
  readonly data: string
  readonly id?: string
}

async function* connect(client: Client, options: EventOptions, cursor: string | undefined): AsyncGenerator<Message> {
  const { tenant, pool, types, signal } = options
  const { baseUrl, fetch } = client.connection
  const url = new URL(`${baseUrl}/api/v1/events`)
  if (tenant !== undefined) url.searchParams.set('tenant', tenant)
  if (pool !== undefined) url.searchParams.set('pool', pool)
  for (const type of types ?? []) url.searchParams.append('type', type)
  const headers = new Headers({ accept: 'text/event-stream' })
  if (cursor !== undefined) headers.set('last-event-id', cursor)
  const response = await fetch(new Request(url.href, { headers, ...(signal && { signal }) }))
  if (response.body) yield* readMessages(response.body)
}

/** The fields of the SSE format that the server uses. */
async function* readMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  let fields: Record<string, string> = {}
  for await (const line of readLines(body)) {
    const { event = 'message', data, id } = fields
    if (line === '') {
      if (data !== undefined) yield { name: event, data, ...(id !== undefined && { id }) }
      fields = {}
      continue
    }
    const split = line.indexOf(': ')
    if (split > 0) fields[line.slice(0, split)] = line.slice(split + 2)
  }
}

/** A revoked key stays revoked; the other reasons ask to come back. */
function throwIfFinal(data: string): void {
  const { code, detail } = JSON.parse(data) as { code: string; detail: string } // as the document says
  if (code !== 'auth.invalid') return
  throw new ClientFault({
    type: `/docs/errors/${code}`,
    title: 'The key is not valid',
    status: 401,
    detail,
    code,
    remedy: 'Use a key that exists, has not expired and was not revoked.',
    correlationId: '',
  })
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end, { once: true })
  })
}
