/**
 * Aborts at the first SIGINT or SIGTERM. Ctrl-C reaches a process under npm twice, from the terminal and passed on by npm, so that a
 * second signal within a second is the same one; a later one ends the process at once.
 */
export function stopSignal(onSecond: () => void): AbortSignal {
  const stop = new AbortController()
  let firstAt: number | undefined
  const onSignal = () => {
    const now = performance.now()
    if (firstAt !== undefined && now - firstAt > 1000) onSecond()
    firstAt ??= now
    stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return stop.signal
}
