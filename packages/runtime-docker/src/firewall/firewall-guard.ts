import type { Clock, Logger } from '@boilerhouse/base'

import type { Firewall } from './firewall.ts'

/** Puts the walls back when the engine or another program rewrote the rules. */
export interface FirewallGuard extends AsyncDisposable {
  /** Looks now: call it when the engine (re)connected. Never rejects. */
  check(): Promise<void>
}

const periodMs = 5000

export function startFirewallGuard(deps: {
  readonly firewall: Pick<Firewall, 'hasBridges' | 'differences' | 'ensure' | 'remove'>
  readonly clock: Clock
  readonly logger: Logger
  readonly periodMs?: number
}): FirewallGuard {
  const { firewall, clock, logger } = deps
  const stop = new AbortController()
  let isFailing = false
  const check = async () => {
    try {
      if (!(await firewall.hasBridges())) return
      const differences = await firewall.differences(stop.signal)
      isFailing = false
      if (differences.length === 0) return
      logger.warn('The firewall was changed from outside; putting it back', { differences })
      await firewall.ensure(stop.signal)
      // It may have been the last bridge's owner that took them away a moment ago: then nobody would do it again.
      await firewall.remove(stop.signal)
    } catch (error) {
      // Said once: a server without the right fails every time.
      if (!stop.signal.aborted && !isFailing) logger.error('Cannot look after the firewall', { error })
      isFailing = true
    }
  }
  const looking = (async () => {
    while (!stop.signal.aborted) {
      await check()
      await clock.sleep(deps.periodMs ?? periodMs, stop.signal)
    }
  })()
  return {
    check,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await looking
    },
  }
}
