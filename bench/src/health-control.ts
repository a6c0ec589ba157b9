import type { ServerProcess } from './server-process.ts'

/** A request whose answer the server keeps for half a second: what HTTP and the load generator take, with next to nothing behind. */
export async function getHealth({ url }: Pick<ServerProcess, 'url'>): Promise<void> {
  const response = await fetch(`${url}/health`)
  await response.text()
  if (!response.ok) throw new Error(`GET /health: ${response.status}`)
}
