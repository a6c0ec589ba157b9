import { Fault, isFault, type ContainerId } from '@boilerhouse/base'
import type { EventHub } from '@boilerhouse/store'

import type { ClaimsWorld } from './claims-deps.ts'
import type { Bond } from './deliver.ts'
import type { Run } from './run.ts'

/** Between two probes of a program that has just started: nothing but asking tells when it answers. */
const pauses = { firstMs: 10, maxMs: 500 } as const

/**
 * Waits until a started program answers. Throws `claim.not_healthy` once its container died, `claim.timeout` at the run's deadline;
 * after that a repeated claim goes on here.
 */
export async function firstProbe(world: ClaimsWorld, run: Run, { container, workload, claim }: Bond): Promise<void> {
  const check = workload.spec.healthCheck
  if (!check) return
  const { runtime, clock, hub, metrics } = world
  const died = new AbortController()
  const unsubscribe = onDeath(hub, container.id, (reason) => died.abort(dead(container.id, reason)))
  const signal = AbortSignal.any([run.signal, died.signal])
  try {
    await run.timings.phase('probe', async () => {
      for (let pauseMs: number = pauses.firstMs; ; pauseMs = Math.min(pauseMs * 2, pauses.maxMs)) {
        const probe = await runtime.probe(container.id, container.address ?? { hostPorts: {} }, check, signal)
        signal.throwIfAborted()
        if (probe.ok) return
        metrics.count('probe_failures_total', { pool: claim.poolId, state: 'bound' })
        const leftMs = run.deadlineMs - clock.monotonicMs()
        if (leftMs <= 0)
          throw new Fault('claim.timeout', `The program does not answer its probe yet${probe.detail ? `: ${probe.detail}` : ''}`)
        await clock.sleep(Math.min(pauseMs, leftMs), signal)
        signal.throwIfAborted()
      }
    })
  } catch (error) {
    if (died.signal.aborted) throw died.signal.reason
    if (isFault(error, 'runtime.container_gone')) throw dead(container.id, error.message)
    throw error
  } finally {
    unsubscribe()
  }
}

const dead = (id: ContainerId, reason: string): Fault =>
  new Fault('claim.not_healthy', `Container ${id} ended before its program answered: ${reason}`)

const onDeath = (hub: EventHub, id: ContainerId, action: (reason: string) => void): (() => void) =>
  hub.subscribe((event) => {
    const isEnd = ['container.lost', 'container.draining', 'container.released', 'container.destroyed'].includes(event.type)
    if (isEnd && event.containerId === id) action(String(event.data['reason'] ?? event.type))
  })
