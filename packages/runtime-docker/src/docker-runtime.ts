import { mkdirSync } from 'node:fs'

import { Fault, type Clock, type Logger, type Metrics } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'

import { installBusybox } from './busybox.ts'
import { createContainers, type Containers } from './containers.ts'
import { createDeliver } from './deliver.ts'
import { limitVolumes, noQuota } from './disk/limited-volumes.ts'
import { enforcesProjectQuota, openProjectQuota } from './disk/project-quota.ts'
import { readEngineFacts, type EngineFacts } from './engine-facts.ts'
import { createEngine, type Engine } from './engine.ts'
import { createExec } from './exec.ts'
import { createFiles } from './files.ts'
import { startFirewallGuard } from './firewall/firewall-guard.ts'
import { createFirewall, type Firewall } from './firewall/firewall.ts'
import { createFreeMb } from './free-space.ts'
import { createHelperImages } from './helper/helper-image.ts'
import { helperRights, rootRights, type HostRights } from './helper/host-rights.ts'
import { createHostView } from './host-view.ts'
import { createImages } from './images.ts'
import { createLayout, type Layout } from './layout.ts'
import { readLogs } from './logs.ts'
import { createNetworks } from './network/networks.ts'
import { createOwnership } from './ownership.ts'
import { createProbe } from './probe.ts'
import { holdSlots, type SlotsHold } from './slots-mount.ts'
import { createStaged } from './staged.ts'
import { createVolumeStore } from './volumes/volume-store.ts'
import { watchEngine } from './watch.ts'

export interface DockerRuntimeDeps {
  /** 12 hex characters, one a data directory: what carries another one is not ours. */
  readonly installation: string
  /** DOCKER_HOST; a local Unix socket, the default one where not given. */
  readonly dockerHost?: string | undefined
  readonly dataDir: string
  readonly hostDataDir: string
  readonly slotsDir: string
  readonly hostSlotsDir: string
  readonly networkCidr: string
  readonly allowNetworks: readonly string[]
  /** Below this much free space nothing new starts; no limit where not given. */
  readonly minFreeMb?: number
  /** A static one: it runs in every image. */
  readonly busyboxPath: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

const never = new AbortController().signal

/** The runtime on the Docker engine of this host. Throws `setting.invalid` and `runtime.unavailable`. */
export async function createDockerRuntime(deps: DockerRuntimeDeps): Promise<Runtime> {
  const { installation, clock, log, metrics, dockerHost } = deps
  const layout = createLayout(deps)
  const engine = createEngine({ clock, metrics, ...(dockerHost === undefined ? {} : { dockerHost }) })
  try {
    const facts = await readEngineFacts(engine, never)
    const slots = await prepareHost(deps, layout)
    return assemble({ deps, facts, slots, shared: { installation, engine, layout, clock, log, metrics } })
  } catch (error) {
    engine.close()
    throw error
  }
}

async function prepareHost({ busyboxPath, log }: DockerRuntimeDeps, layout: Layout): Promise<SlotsHold> {
  const slots = await holdSlots(layout.slotsDir, log)
  await installBusybox(busyboxPath, layout.binDir)
  for (const directory of [layout.volumesDir, layout.keptDir]) mkdirSync(directory, { recursive: true, mode: 0o700 })
  return slots
}

interface Parts {
  readonly deps: DockerRuntimeDeps
  readonly facts: EngineFacts
  readonly slots: SlotsHold
  readonly shared: Pick<DockerRuntimeDeps, 'installation' | 'clock' | 'log' | 'metrics'> & {
    readonly engine: Engine
    readonly layout: Layout
  }
}

function assemble({ deps, facts, slots, shared }: Parts): Runtime {
  const { engine, clock, log, layout } = shared
  const images = createImages(engine, shared.installation)
  const rights = isRoot() ? rootRights : helperRights({ ...shared, images: createHelperImages({ ...deps, engine }) })
  const ownership = createOwnership({ layout, rights })
  const { networks, firewall, guard } = createWalls(deps, engine, rights)
  const quota = openProjectQuota(layout.volumesDir)
  const measured = createVolumeStore({ ...shared, ownership })
  const volumes = quota ? limitVolumes(measured, { quota, layout, log }) : measured
  const freeMb = createFreeMb({ engine, dataDir: deps.dataDir })
  const checkDisk = (signal: AbortSignal) => requireSpace(freeMb, deps.minFreeMb, signal)
  const hasLayerQuota = facts.layersDir !== undefined && enforcesProjectQuota(facts.layersDir)
  const containers = createContainers({
    ...shared,
    hasLayerQuota,
    images,
    volumes,
    ownership,
    networkOf: networks.networkOf,
    checkDisk,
  })
  const { inspect } = containers
  const readFacts = async (signal: AbortSignal) => {
    const { version, warnings } = await readEngineFacts(engine, signal)
    return { version, warnings: [...warnings, ...(quota ? [] : [noQuota])] }
  }
  const readWarnings = async (signal: AbortSignal) => (await readFacts(signal)).warnings
  const host = createHostView({ ...shared, rights, networks, firewall, destroy: containers.destroy, readWarnings })
  const exec = createExec({ engine, clock, inspect })
  const { close: closeHost, ...figures } = host
  return {
    ...containers,
    ensureNetwork: networks.ensureNetwork,
    destroyNetwork: networks.destroyNetwork,
    chooseSubnet: networks.chooseSubnet,
    ...figures,
    ...createFiles({ engine, clock, inspect }),
    capabilities: capabilitiesOf(facts, quota !== undefined),
    ...createDeliveries(shared, containers),
    probe: createProbe({ clock, exec }),
    volumes: volumes.agent,
    inspectImage: images.inspect,
    build: images.build,
    exec,
    logs: (containerId, query, signal) => readLogs({ engine, inspect }, containerId, query, signal),
    watch: (signal) => watchEngine({ ...shared, onConnected: () => guard.check() }, signal),
    ping: readFacts,
    async close() {
      await guard[Symbol.asyncDispose]()
      await closeHost()
      quota?.close()
      await networks.close()
      engine.close()
      await slots.release(log)
    },
  }
}

function createDeliveries(
  shared: { readonly layout: Layout; readonly clock: Clock },
  { isRunning, destroy }: Containers,
): Pick<Runtime, 'stage' | 'unstage' | 'deliver' | 'destroy'> {
  const staged = createStaged(shared.layout)
  return {
    stage: staged.put,
    unstage: staged.drop,
    deliver: createDeliver({ ...shared, isRunning, staged }),
    async destroy(containerId, signal) {
      await destroy(containerId, signal)
      staged.drop(containerId)
    },
  }
}

const isRoot = (): boolean => process.getuid?.() === 0

/** A look through a helper costs the engine some 100 ms. */
const helperGuardMs = 15_000

function createWalls({ clock, log, ...deps }: DockerRuntimeDeps, engine: Engine, rights: HostRights) {
  const shared = createFirewall(rights)
  const networks = createNetworks({ ...deps, engine, rights, firewall: shared })
  // A helper is kept for our own bridges only; those of others have servers that look after the same walls.
  const hasBridges = async () => (await networks.poolIds(never)).length > 0
  const firewall: Firewall = isRoot() ? shared : { ...shared, hasBridges }
  const guard = startFirewallGuard({ firewall, clock, logger: log, ...(isRoot() ? {} : { periodMs: helperGuardMs }) })
  return { networks, firewall, guard }
}

async function requireSpace(freeMb: Runtime['freeMb'], minFreeMb: number | undefined, signal: AbortSignal): Promise<void> {
  if (minFreeMb === undefined) return
  const free = await freeMb(signal)
  if (free < minFreeMb) throw new Fault('host.disk_full', `Nothing new starts: ${free} MB are free, less than ${minFreeMb}`)
}

function capabilitiesOf(facts: EngineFacts, hasQuota: boolean): Runtime['capabilities'] {
  return {
    name: 'docker',
    exec: true,
    logs: true,
    stats: true,
    files: true,
    build: true,
    ociRuntimes: facts.ociRuntimes,
    gpus: facts.hasGpus,
    cpus: facts.cpus,
    diskLimit: hasQuota ? 'quota' : 'measured',
    // By root itself, else by a helper container.
    canPrepareUser: () => true,
  }
}
