/** Many subscribers of one address, by WebSocket, that note when something reaches them. */
export interface Audience {
  /** Forgets what was heard, and counts from now on only messages with this text in them. */
  listenFor(text: string): void
  /** When each subscriber heard each message, in its order: by subscriber, then by message, in ms of `performance.now()`. Waits until all heard as many. */
  heard(count: number): Promise<readonly (readonly number[])[]>
  /** The messages themselves, as the first subscriber heard them. */
  messages(): readonly string[]
  close(): void
}

const patienceMs = 10_000

/** Resolves once all have been told that they are `ready`. */
export async function openAudience(url: string, key: string, count: number): Promise<Audience> {
  let wanted = '"kind":"ready"'
  const heardMs: number[][] = Array.from({ length: count }, () => [])
  const messages: string[] = []
  const sockets = heardMs.map((ofOne, subscriber) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers: { authorization: `Bearer ${key}` } })
    socket.addEventListener('message', ({ data }) => {
      const atMs = performance.now()
      const text = String(data)
      if (!text.includes(wanted)) return
      ofOne.push(atMs)
      if (subscriber === 0) messages.push(text)
    })
    return socket
  })
  const heard = async (wantedCount: number) => {
    const fewest = () => Math.min(...heardMs.map(({ length }) => length))
    for (const began = performance.now(); fewest() < wantedCount; await Bun.sleep(5))
      if (performance.now() - began > patienceMs)
        throw new Error(`A subscriber heard ${fewest()} of ${wantedCount} messages with ${wanted}`)
    return heardMs
  }
  await heard(1)
  return {
    listenFor(text) {
      wanted = text
      messages.length = 0
      for (const ofOne of heardMs) ofOne.length = 0
    },
    heard,
    messages: () => messages,
    close: () => sockets.forEach((socket) => socket.close()),
  }
}
