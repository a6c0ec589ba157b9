// A process: tells whatever is posted to it to every WebSocket that is open, with nothing between. The control of `events`.
const sockets = new Set<Bun.ServerWebSocket<undefined>>()
const server = Bun.serve<undefined>({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request, self) {
    if (request.method === 'GET')
      return self.upgrade(request, { data: undefined }) ? undefined : new Response(null, { status: 400 })
    const text = await request.text()
    for (const socket of sockets) socket.send(text)
    return new Response(null, { status: 204 })
  },
  websocket: {
    open(socket) {
      sockets.add(socket)
      socket.send('{"kind":"ready"}')
    },
    message() {}, // readers only listen
    close: (socket) => void sockets.delete(socket),
  },
})
process.stderr.write(`API    http://127.0.0.1:${server.port}\n`)
