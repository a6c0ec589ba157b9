import createOpenApiClient, { type Client as OpenApiClient } from 'openapi-fetch'

import { faultOf, unreachable } from './client-fault.ts'
import type { paths } from './openapi.generated.ts'

/** One method a HTTP verb, typed by path. Every refusal is thrown as a `ClientFault`, so `data` is there. */
export type Client = OpenApiClient<paths> & {
  /** What the client was made with, for streams. */
  readonly connection: Connection
}

export interface Connection {
  readonly baseUrl: string
  readonly key?: string
  readonly fetch: (request: Request) => Promise<Response>
}

export interface ClientOptions {
  /** e.g. `http://127.0.0.1:3000` */
  readonly baseUrl: string
  /** Left out where a session's cookie stands for it. */
  readonly key?: string
  readonly fetch?: (request: Request) => Promise<Response>
}

export function createClient({ baseUrl, key, fetch = globalThis.fetch }: ClientOptions): Client {
  const connection: Connection = { baseUrl: baseUrl.replace(/\/+$/, ''), ...(key !== undefined && { key }), fetch: send }
  const client = createOpenApiClient<paths>({ baseUrl: connection.baseUrl, fetch: send })
  return Object.assign(client, { connection })

  async function send(request: Request): Promise<Response> {
    if (key !== undefined) request.headers.set('authorization', `Bearer ${key}`)
    const response = await fetch(request).catch((cause: unknown) => {
      if (request.signal.aborted) throw cause
      throw unreachable(connection.baseUrl, cause)
    })
    if (!response.ok) throw await faultOf(response)
    return response
  }
}
