import { realpath } from 'node:fs/promises'
import { resolve, sep } from 'node:path'

import { Fault } from '@boilerhouse/base'
import { assertWorkload, type WorkloadSpec } from '@boilerhouse/resources'

import type { ApiDeps } from './deps.ts'

type Deps = Pick<ApiDeps, 'runtime' | 'workloadsDir' | 'allowNetworks' | 'envAllow'>

/** Everything that can be said of a workload before it is kept: an invalid one changes nothing. */
export async function checkWorkload(spec: WorkloadSpec, deps: Deps): Promise<void> {
  assertWorkload(spec, { allowNetworks: deps.allowNetworks ?? [], allowEnvironment: deps.envAllow ?? [] })
  checkPowers(spec, deps)
  if (spec.build) await checkContext(spec.build.context, deps.workloadsDir)
}

/** What this engine cannot do is refused here, not at the first container. */
function checkPowers({ security, resources, build }: WorkloadSpec, { runtime: { capabilities } }: Deps): void {
  if (!capabilities.canPrepareUser(security.runAsUser)) {
    throw new Fault('workload.user_not_preparable', `Volumes of user ${security.runAsUser} cannot be prepared`, {
      errors: [{ pointer: '/security/runAsUser', detail: 'is another user than the server, which is not root' }],
    })
  }
  if (security.runtime !== undefined && !capabilities.ociRuntimes.includes(security.runtime)) {
    const detail = `The engine has no runtime ${security.runtime}; it has ${capabilities.ociRuntimes.join(', ') || 'none to choose'}`
    throw new Fault('workload.feature_unavailable', detail, { errors: [{ pointer: '/security/runtime', detail }] })
  }
  if (resources.gpus !== undefined && !capabilities.gpus) unavailable('/resources/gpus', 'The engine has no GPUs')
  if (capabilities.cpus !== undefined && resources.cpus > capabilities.cpus)
    unavailable('/resources/cpus', `The host has ${capabilities.cpus} CPUs, ${resources.cpus} are asked for`)
  if (build && !capabilities.build) unavailable('/build', 'The engine does not build images')
}

function unavailable(pointer: string, detail: string): never {
  throw new Fault('workload.feature_unavailable', detail, { errors: [{ pointer, detail }] })
}

/** Links are followed first: one that leads out of the directory is outside. */
async function checkContext(context: string, workloadsDir: string | undefined): Promise<void> {
  if (workloadsDir === undefined) throw outside('BOILERHOUSE_WORKLOADS_DIR is not set, so nothing can be built')
  const root = await realpath(workloadsDir).catch(() => undefined)
  if (root === undefined) throw outside('BOILERHOUSE_WORKLOADS_DIR does not exist')
  const found = await realpath(resolve(root, context)).catch(() => undefined)
  const isInside = found !== undefined && (found === root || found.startsWith(root + sep))
  if (!isInside) throw outside('The build context is not a directory below BOILERHOUSE_WORKLOADS_DIR')
}

const outside = (detail: string): Fault =>
  new Fault('workload.context_outside', detail, {
    errors: [{ pointer: '/build/context', detail: 'is not below the workloads directory' }],
  })
