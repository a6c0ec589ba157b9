import type { RuntimeChange } from '../runtime.ts'
import type { FakeEngine, FakeInstallation, FakeWatcher } from './fake-engine.ts'
import { FakeQueue } from './fake-queue.ts'

export async function* fakeWatch(
  engine: FakeEngine,
  installation: FakeInstallation,
  signal: AbortSignal,
): AsyncGenerator<RuntimeChange> {
  if (signal.aborted) return
  const queue = new FakeQueue<RuntimeChange>()
  const watcher: FakeWatcher = {
    // A real engine tells nothing while it is away: what changes then is found by looking, after `connected`.
    onContainer: (containerId) => engine.isConnected && queue.push({ kind: 'container', containerId }),
    onConnection: (isConnected) => queue.push({ kind: isConnected ? 'connected' : 'disconnected' }),
  }
  const end = () => queue.end()
  signal.addEventListener('abort', end, { once: true })
  installation.watchers.add(watcher)
  if (engine.isConnected) queue.push({ kind: 'connected' })
  try {
    yield* queue
  } finally {
    installation.watchers.delete(watcher)
    signal.removeEventListener('abort', end)
  }
}
