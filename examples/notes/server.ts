// Keeps notes as files in its state volume; Boilerhouse keeps the volume between a tenant's claims.
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

const directory = process.env['NOTES_DIR'] ?? '/data'
const maxNoteBytes = 1024 * 1024

const plain = (text: string, status: number): Response => new Response(`${text}\n`, { status })

/** One path segment that is a file name of ours; anything else is no note. */
function noteName(pathname: string): string | undefined {
  const name = /^\/notes\/([^/]+)$/.exec(pathname)?.[1]
  return name && /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/.test(name) ? name : undefined
}

async function list(): Promise<Response> {
  const names = await readdir(directory).catch(() => [])
  return Response.json({ notes: names.filter((name) => !name.startsWith('.')).sort() })
}

/** Written beside, synced and renamed over: a note is there whole or not at all, whenever the container dies. */
async function write(name: string, body: Uint8Array): Promise<Response> {
  await mkdir(directory, { recursive: true })
  const beside = join(directory, `.${name}.${crypto.randomUUID()}`)
  const file = await open(beside, 'wx')
  try {
    await file.writeFile(body)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, join(directory, name))
  return plain(`kept ${name}`, 201)
}

async function read(name: string): Promise<Response> {
  const bytes = await readFile(join(directory, name)).catch(() => undefined)
  return bytes ? new Response(bytes) : plain('no such note', 404)
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/healthz') return plain('ok', 200)
  if (pathname === '/notes' && request.method === 'GET') return list()
  const name = noteName(pathname)
  if (!name) return plain('GET /notes, or GET, PUT, DELETE /notes/<name>', 404)
  if (request.method === 'GET') return read(name)
  if (request.method === 'PUT') return write(name, new Uint8Array(await request.arrayBuffer()))
  if (request.method !== 'DELETE') return plain('GET, PUT or DELETE', 405)
  await rm(join(directory, name), { force: true })
  return plain(`removed ${name}`, 200)
}

const server = Bun.serve({ hostname: '0.0.0.0', port: 8080, maxRequestBodySize: maxNoteBytes, fetch: answer })
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void server.stop().then(() => process.exit(0)))
console.log(`notes listens on ${server.port}, keeps files in ${directory}`)
