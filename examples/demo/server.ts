// Shows what a claim brought: it reads /boilerhouse at each request, so a claim or a new delivery needs no restart.
import { readdir, readFile } from 'node:fs/promises'

const directory = '/boilerhouse'
const startedAt = Date.now()

interface Delivered {
  readonly claim?: { readonly tenantId: string; readonly poolId: string; readonly containerId: string; readonly revision: number }
  readonly config?: { readonly greeting?: string }
}

/** `claim.json` is written last: without it the container is warm and nobody's. */
async function delivered(): Promise<Delivered> {
  const claim = await json(`${directory}/claim.json`)
  return claim ? ({ claim, config: (await json(`${directory}/config.json`)) ?? {} } as Delivered) : {}
}

async function json(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(whereThere)
  return text === undefined ? undefined : JSON.parse(text)
}

/** A file that is not there yet is no mistake; one that cannot be read is. */
function whereThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** Names alone: a program should not show its secrets. */
const secretNames = (): Promise<string[]> => readdir(`${directory}/secrets`).catch((error) => whereThere(error) ?? [])

async function about(): Promise<Response> {
  const { claim, config } = await delivered()
  const message = claim ? `${config?.greeting ?? 'Hello'}, ${claim.tenantId}` : 'Warm, and nobody has claimed me yet'
  return Response.json({
    message,
    tenant: claim?.tenantId ?? null,
    pool: claim?.poolId ?? null,
    container: claim?.containerId ?? null,
    revision: claim?.revision ?? null,
    config: config ?? null,
    secrets: await secretNames(),
    upForMs: Date.now() - startedAt,
  })
}

async function echo(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url)
  const { claim } = await delivered()
  return Response.json({
    tenant: claim?.tenantId ?? null,
    method: request.method,
    path: pathname + search,
    headers: Object.fromEntries(request.headers),
    body: await request.text(),
  })
}

const server = Bun.serve({
  hostname: '0.0.0.0',
  port: 8080,
  maxRequestBodySize: 8 * 1024 * 1024,
  async fetch(request, own): Promise<Response | undefined> {
    const { pathname } = new URL(request.url)
    if (pathname === '/healthz') return new Response('ok\n')
    if (pathname === '/') return about()
    if (pathname === '/ws') {
      return own.upgrade(request) ? undefined : new Response('This path speaks WebSocket\n', { status: 426 })
    }
    return echo(request)
  },
  websocket: {
    async open(socket) {
      const { claim, config } = await delivered()
      socket.send(JSON.stringify({ tenant: claim?.tenantId ?? null, config: config ?? null }))
    },
    message(socket, message) {
      socket.send(message)
    },
  },
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void server.stop(true).then(() => process.exit(0)))
console.log(`demo listens on ${server.port}`)
