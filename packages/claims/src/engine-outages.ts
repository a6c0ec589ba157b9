import type { EventHub } from '@boilerhouse/store'

/** When the engine was last lost or found again, as far as this process heard. */
export interface EngineOutages {
  /** Epoch ms; what was lost before it went with the engine. 0 where nothing was heard. */
  lastAtMs(): number
  close(): void
}

export function createEngineOutages(hub: EventHub): EngineOutages {
  let lastAtMs = 0
  const close = hub.subscribe(({ type, timeMs }) => {
    if (type === 'runtime.disconnected' || type === 'runtime.connected') lastAtMs = Math.max(lastAtMs, timeMs)
  })
  return { lastAtMs: () => lastAtMs, close }
}
