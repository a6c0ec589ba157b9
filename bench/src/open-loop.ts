export interface OpenLoop {
  /** From the moment each caller was to arrive until its call ended, by the order of arrival. */
  readonly latenciesMs: readonly number[]
  /** How late each call began: the part of its latency that is the generator's own. */
  readonly lateMs: readonly number[]
  /** The most calls that were under way at once. */
  readonly mostAtOnce: number
}

/** Moments from 0 on, in ms, at which `count` callers arrive who know nothing of each other. */
export function poissonArrivals(random: () => number, perSecond: number, count: number): readonly number[] {
  let atMs = 0
  return Array.from({ length: count }, () => (atMs += (-Math.log(1 - random()) / perSecond) * 1000))
}

/**
 * Makes each call at its moment, whatever became of those before. Latency counts from that moment: a call that begins late because the
 * one before holds everything up is a slow call (no coordinated omission). Rejects once all have ended, where one failed.
 */
export async function openLoop(arrivalsMs: readonly number[], call: (arrival: number) => Promise<unknown>): Promise<OpenLoop> {
  const latenciesMs: number[] = []
  const lateMs: number[] = []
  const failures: unknown[] = []
  let [underWay, mostAtOnce] = [0, 0]
  const beganMs = performance.now()
  const calls = []
  for (const [arrival, atMs] of arrivalsMs.entries()) {
    const intendedMs = beganMs + atMs
    await until(intendedMs)
    lateMs.push(performance.now() - intendedMs)
    mostAtOnce = Math.max(mostAtOnce, ++underWay)
    const ended = () => {
      underWay--
      latenciesMs[arrival] = performance.now() - intendedMs
    }
    calls.push(call(arrival).then(ended, (error: unknown) => failures.push(error)))
  }
  await Promise.all(calls)
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} of ${calls.length} calls failed: ${String(failures[0])}`)
  return { latenciesMs, lateMs, mostAtOnce }
}

/** Comes back to the event loop at least once, also where the moment has passed: answers are read meanwhile. */
async function until(momentMs: number): Promise<void> {
  for (let leftMs = momentMs - performance.now(); leftMs > 0; leftMs = momentMs - performance.now()) await Bun.sleep(leftMs)
}
