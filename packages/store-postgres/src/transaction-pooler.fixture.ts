import { createConnection, createServer, type Server, type Socket } from 'node:net'

/**
 * The least transaction pooler there can be: every client's transactions run in one backend, as those of pgbouncer do when nobody else
 * is connected.
 */
export async function startTransactionPooler(
  socketPath: string,
  user: string,
  database: string,
): Promise<Server & { port: number }> {
  const backend = createConnection(socketPath)
  const parameters = Buffer.from(`user\0${user}\0database\0${database}\0\0`)
  const startup = Buffer.alloc(8)
  startup.writeInt32BE(8 + parameters.length, 0)
  startup.writeInt32BE(196_608, 4)
  backend.write(Buffer.concat([startup, parameters]))

  let owner: Socket | undefined
  const waiting: { readonly client: Socket; readonly bytes: Buffer }[] = []
  let isReady = false
  const next = () => {
    if (owner || !isReady) return
    const first = waiting.shift()
    if (!first) return
    owner = first.client
    backend.write(first.bytes)
  }
  backend.on('data', (bytes: Buffer) => {
    owner?.write(bytes)
    // ReadyForQuery, idle, is the last message of an answer: `Z`, length 5, `I`.
    if (!bytes.subarray(-6).equals(Buffer.from([0x5a, 0, 0, 0, 5, 0x49]))) return
    isReady = true
    owner = undefined
    next()
  })
  const server = createServer((client) => {
    let hasStarted = false
    client.on('data', (bytes: Buffer) => {
      if (!hasStarted) {
        hasStarted = true
        client.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49])) // authenticated, ready
      } else if (owner === client) backend.write(bytes)
      else if (bytes[0] !== 0x58) waiting.push({ client, bytes }) // all but Terminate
      next()
    })
    client.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.once('close', () => backend.destroy())
  const address = server.address()
  return Object.assign(server, { port: typeof address === 'object' && address ? address.port : 0 })
}
