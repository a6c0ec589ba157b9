import type { Loose } from './api.ts'

const unix = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '')

/** A call of the engine's own API, as somebody with `docker` in their hands makes it. Throws what the engine refuses. */
export async function engine(method: string, path: string, body?: unknown): Promise<Loose> {
  const response = await fetch(`http://engine${path}`, {
    unix,
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`the engine answered ${response.status} to ${method} ${path}: ${text}`)
  return text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text
}

export const labelled = (installation: string): string =>
  encodeURIComponent(JSON.stringify({ label: [`io.boilerhouse.installation=${installation}`] }))

/** Names of this installation's containers in the engine, whatever their state. */
export async function engineContainers(installation: string): Promise<readonly string[]> {
  const found: { Names: string[] }[] = await engine('GET', `/containers/json?all=1&filters=${labelled(installation)}`)
  return found.map(({ Names }) => Names[0]?.slice(1) ?? '')
}
