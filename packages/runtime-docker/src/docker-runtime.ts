import { mkdirSync } from 'node:fs'

import type { Clock, Logger, Metrics } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'

import { installBusybox } from './busybox.ts'
import { createContainers } from './containers.ts'
import { createDeliver } from './deliver.ts'
import { readEngineFacts, type EngineFacts } from './engine-facts.ts'
import { createEngine } from './engine.ts'
import { createExec } from './exec.ts'
import { createFiles } from './files.ts'
import { startFirewallGuard } from './firewall/firewall-guard.ts'
import { createFirewall } from './firewall/firewall.ts'
import { createImages } from './images.ts'
import { createLayout } from './layout.ts'
import { readLogs } from './logs.ts'
import { createNetworks } from './network/networks.ts'
import { createProbe } from './probe.ts'
import { ensureSlotsMount } from './slots-mount.ts'
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

/** The runtime on the Docker engine of this host. Throws `setting.invalid` and `runtime.unavailable`. */
export async function createDockerRuntime(deps: DockerRuntimeDeps): Promise<Runtime> {
  const { installation, clock, log, metrics } = deps
  const never = new AbortController().signal
  const layout = createLayout(deps)
  const engine = createEngine({ clock, metrics, ...(deps.dockerHost === undefined ? {} : { dockerHost: deps.dockerHost }) })
  const live: { facts: EngineFacts } = { facts: await readEngineFacts(engine, never) }
  await ensureSlotsMount(layout.slotsDir, log)
  await installBusybox(deps.busyboxPath, layout.binDir)
  for (const directory of [layout.volumesDir, layout.keptDir]) mkdirSync(directory, { recursive: true, mode: 0o700 })

  const firewall = createFirewall()
  const guard = startFirewallGuard({ firewall, clock, logger: log })
  const networks = createNetworks({ ...deps, engine, firewall })
  const images = createImages(engine, installation)
  const volumes = createVolumeStore({ layout, clock, log })
  const { networkOf } = networks
  const containers = createContainers({
    installation,
    layout,
    engine,
    images,
    volumes,
    clock,
    metrics,
    networkOf,
    checkDisk: async () => {},
  })
  const { inspect, isRunning, ...lifecycle } = containers
  const exec = createExec({ engine, clock, inspect })
  return {
    ...lifecycle,
    ensureNetwork: networks.ensureNetwork,
    destroyNetwork: networks.destroyNetwork,
    chooseSubnet: networks.chooseSubnet,
    ...createFiles({ engine, clock, inspect }),
    capabilities: capabilitiesOf(live.facts),
    deliver: createDeliver({ layout, clock, isRunning }),
    probe: createProbe({ clock, exec }),
    volumes: volumes.agent,
    inspectImage: images.inspect,
    build: images.build,
    exec,
    logs: (containerId, query, signal) => readLogs({ engine, inspect }, containerId, query, signal),
    watch: (signal) => watchEngine({ installation, engine, clock, log, onConnected: () => guard.check() }, signal),
    async ping(signal) {
      live.facts = await readEngineFacts(engine, signal)
      return { version: live.facts.version, warnings: live.facts.warnings }
    },
    ...awaitingParts,
    async close() {
      await guard[Symbol.asyncDispose]()
      engine.close()
    },
  }
}

const awaitingParts: Pick<Runtime, 'stats' | 'freeMb' | 'inventory' | 'sweep'> = {
  stats: async () => new Map(),
  freeMb: async () => 1_000_000,
  inventory: async () => ({ containers: [], networks: [], slots: [], volumes: [], firewallDifferences: [], warnings: [] }),
  sweep: async () => [],
}

function capabilitiesOf(facts: EngineFacts): Runtime['capabilities'] {
  const uid = process.getuid?.() ?? -1
  return {
    name: 'docker',
    exec: true,
    logs: true,
    stats: true,
    files: true,
    build: true,
    ociRuntimes: facts.ociRuntimes,
    gpus: facts.hasGpus,
    diskLimit: 'measured',
    canPrepareUser: (wanted) => uid === 0 || wanted === uid,
  }
}
