import { Fault, isFault, type PoolId } from '@boilerhouse/base'
import { createConfigSchemas, type ClaimRequest, type ReleaseAnswer, type ReleaseRequest } from '@boilerhouse/resources'

import { createActivations } from './activations.ts'
import { createActivity } from './activity.ts'
import { createCatalogue } from './catalogue.ts'
import { claimTenant, type ClaimOutcome } from './claim-tenant.ts'
import type { ClaimsDeps, ClaimsWorld } from './claims-deps.ts'
import type { Claims, RequestContext } from './claims.ts'
import { createFlights } from './flights.ts'
import { createEngineOutages } from './engine-outages.ts'
import { claimKey, createInFlight } from './in-flight.ts'
import { releaseLive } from './release-live.ts'
import { removeContainer } from './remove-container.ts'
import { resolveClaim } from './resolve.ts'
import { resumeClaim } from './resume.ts'
import { createTimings, outcomeOf, type Run } from './run.ts'
import { tenantQueries } from './tenant-queries.ts'
import { createDemand } from './wait-for-container.ts'
import { createWarmHints } from './warm-hints.ts'

/** The use cases over a store, an event hub that runs, and a runtime. `close` it before them. */
export function createClaims(deps: ClaimsDeps): Claims {
  const closing = new AbortController()
  const world = createWorld(deps, closing.signal)
  const { activity, inFlight, clock, tracer } = world
  const flights = createFlights<ClaimRequest, ClaimOutcome>()
  const releases = createFlights<ReleaseRequest, ReleaseAnswer>()
  const runOf = (context: RequestContext, signals: readonly AbortSignal[], deadlineMs = Infinity): Run => ({
    actor: context.actor,
    correlationId: context.correlationId,
    signal: AbortSignal.any([closing.signal, ...signals]),
    deadlineMs,
    timings: createTimings(deps),
  })
  return {
    async claim(tenantId, request, context) {
      const deadlineMs = clock.monotonicMs() + request.waitMs
      const key = claimKey(tenantId, request.poolId as PoolId) // a DNS label: the schema said so
      const attributes = { tenantId, poolId: request.poolId, correlationId: context.correlationId }
      const fly = (signal: AbortSignal) =>
        inFlight.run(key, (interrupted) => {
          const run = runOf(context, [signal, interrupted], deadlineMs)
          return tracer.span('claim', attributes, () =>
            counted(world, () => asFault(run.signal, () => claimTenant(world, run, tenantId, request))),
          )
        })
      return asFault(context.signal, () => flights.join(key, request, context.signal, fly))
    },
    async release(tenantId, request, context) {
      const { poolId } = await resolveClaim(world, tenantId, request.poolId as PoolId | undefined) // a DNS label: the schema said so
      const attributes = { tenantId, poolId, correlationId: context.correlationId }
      const fly = () =>
        tracer.span('release', attributes, () => releaseLive(world, tenantId, poolId, request, () => runOf(context, [])))
      return releases.join(claimKey(tenantId, poolId), request, closing.signal, fly)
    },
    ...tenantQueries(world),
    resume: (claimId, context) =>
      resumeClaim(world, claimId, (interrupted) =>
        runOf(context, [context.signal, interrupted], clock.monotonicMs() + resumeWaitMs),
      ),
    removeContainer: (containerId, options, context) =>
      removeContainer(world, containerId, options, (interrupted) =>
        runOf(context, [interrupted], clock.monotonicMs() + resumeWaitMs),
      ),
    noteActivity: (claimId) => activity.note(claimId),
    flushActivity: () => activity.flush(),
    async close() {
      closing.abort(new Fault('server.stopping', 'The server is stopping'))
      world.demand.close()
      world.hints.close()
      world.catalogue.close()
      world.outages.close()
      await world.activations.written()
      await activity.flush()
    },
  }
}

/** How long a pass waits for a container before it gives way to the next one. */
const resumeWaitMs = 30_000

function createWorld(deps: ClaimsDeps, closed: AbortSignal): ClaimsWorld {
  // In this order they hear of an event: what is known changes first, then the hints, then those who wait for them.
  const catalogue = createCatalogue(deps)
  const hints = createWarmHints(deps)
  const activations = createActivations(deps)
  return {
    ...deps,
    catalogue,
    hints,
    demand: createDemand({ ...deps, catalogue, hints }),
    activations,
    activity: createActivity(deps),
    configSchemas: createConfigSchemas(),
    inFlight: createInFlight(() => activations.hurry()),
    outages: createEngineOutages(deps.hub),
    closed,
  }
}

async function counted<T>({ metrics }: ClaimsWorld, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    metrics.count('claims_total', { source: 'none', outcome: outcomeOf(error) })
    throw error
  }
}

/** What an aborted wait throws is the reason of its signal: a Fault where we aborted it, anything where the caller went away. */
async function asFault<T>(signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if (isFault(error) || !signal.aborted) throw error
    if (isFault(signal.reason)) throw signal.reason
    throw new Fault('claim.timeout', 'The caller went away before the claim was ready', { cause: error })
  }
}
