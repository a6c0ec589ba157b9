/** Between the signal and the cleaning up, for what is under way to notice. */
const graceMs = 20_000

/**
 * Runs the action so that Ctrl-C, or whoever ends the bench, makes it reject and not the process disappear: what it made is cleaned
 * up by whoever made it. `signal` is for its loops.
 */
export async function interruptible<T>(action: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const onSignal = (name: string) => controller.abort(new Error(`The bench was ended by ${name}`))
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) process.on(name, onSignal)
  try {
    return await action(controller.signal)
  } finally {
    for (const name of names) process.off(name, onSignal)
  }
}

/** What the promise resolves to; rejects once the signal aborts and the promise has ended or had its time to. */
export async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = () => {
    const end = () => reject(signal.reason)
    void Promise.race([promise, Bun.sleep(graceMs)]).then(end, end)
  }
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
