import { isFault, type ContainerId, type Logger } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'

export interface EngineListener {
  onContainer(containerId: ContainerId): void
  onConnected(): void
  onDisconnected(): void
}

/** Hears what the engine tells until `signal` aborts. */
export async function watchEngine(runtime: Runtime, listener: EngineListener, signal: AbortSignal, log: Logger): Promise<void> {
  try {
    for await (const change of runtime.watch(signal)) {
      if (signal.aborted) return
      if (change.kind === 'container') listener.onContainer(change.containerId)
      else if (change.kind === 'connected') listener.onConnected()
      else listener.onDisconnected()
    }
  } catch (error) {
    // The port reconnects by itself; this is its last word.
    if (!signal.aborted) log.error('the engine is not watched any more', { error, isFault: isFault(error) })
    listener.onDisconnected()
  }
}
