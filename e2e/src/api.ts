export interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
  /** The body as it came. */
  readonly text: string
}

/** What tests read of answers, without a type for each: a field that is missing fails the test that reads it. */
// oxlint-disable-next-line typescript/no-explicit-any -- answers are asserted on, field by field
export type Loose = any

export type Api = <Body = Loose>(method: string, path: string, body?: unknown) => Promise<Answer<Body>>

/** Plain HTTP, so that no client of ours stands between the test and the server. */
export function createApi(url: string, readKey: () => Promise<string>): Api {
  return async <Body = Loose>(method: string, path: string, body?: unknown) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await readKey()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') ?? false
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body, text }
  }
}
