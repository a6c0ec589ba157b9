import { followEvents, type Event } from '@boilerhouse/client'

import type { Installation } from './installation.ts'
import { within } from './within.ts'

/** The events of an installation since `listen`, in the order in which they were told; followed over restarts. */
export interface Told extends AsyncDisposable {
  readonly events: readonly Event[]
  types(): readonly string[]
  /** The first event that matches, told already or yet to come. */
  first(ms: number, what: string, matches: (event: Event) => boolean): Promise<Event>
}

export async function listen(
  house: Installation,
  options: { readonly tenant?: string; readonly pool?: string; readonly types?: readonly string[] } = {},
): Promise<Told> {
  const events: Event[] = []
  const stop = new AbortController()
  const ready = Promise.withResolvers<void>()
  const following = (async () => {
    const follow = followEvents(house.client, { ...options, signal: stop.signal, onReady: () => ready.resolve() })
    for await (const event of follow) events.push(event)
  })()
  following.catch(ready.reject)
  await ready.promise
  return {
    events,
    types: () => events.map(({ type }) => type),
    first: (ms, what, matches) => within(ms, what, () => events.find(matches)),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await following
    },
  }
}
