import type { Clock } from '@boilerhouse/base'

/** Accepts nothing more, lets what runs end for `graceMs`, then cuts it off. */
export async function stopServer(
  server: { stop(closeActiveConnections?: boolean): Promise<void> },
  { clock, graceMs, cutOff }: { readonly clock: Clock; readonly graceMs: number; readonly cutOff: AbortController },
): Promise<void> {
  const closed = server.stop(false)
  const grace = new AbortController()
  await Promise.race([closed, clock.sleep(graceMs, grace.signal)])
  grace.abort()
  cutOff.abort()
  await server.stop(true)
}
