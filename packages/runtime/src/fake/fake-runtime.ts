import { Fault, type Clock, type ContainerId } from '@boilerhouse/base'

import type { Runtime, RuntimeCapabilities } from '../runtime.ts'
import type { FakeProbe } from './fake-behaviour.ts'
import { fakeContainers } from './fake-containers.ts'
import { fakeControl, type FakeControl } from './fake-control.ts'
import { createFakeEngine, fakeInstallation, type FakeEngine } from './fake-engine.ts'
import { FakeGate } from './fake-gate.ts'
import { fakeInside } from './fake-inside.ts'
import { fakeNetworks } from './fake-networks.ts'
import { fakeVolumes } from './fake-volumes.ts'
import { fakeWatch } from './fake-watch.ts'

export interface FakeRuntimeOptions {
  /** The only time it knows. */
  readonly clock: Clock
  /** Pass the same one again to open a runtime on what a former one left: a server that restarts. */
  readonly engine?: FakeEngine
  readonly installation?: string
  readonly capabilities?: Partial<RuntimeCapabilities>
}

export interface FakeRuntime extends Runtime {
  readonly control: FakeControl
  readonly engine: FakeEngine
}

const allPowers: RuntimeCapabilities = {
  name: 'fake',
  exec: true,
  logs: true,
  stats: true,
  files: true,
  build: true,
  ociRuntimes: ['runc'],
  gpus: false,
  cpus: 64,
  diskLimit: 'measured',
  canPrepareUser: () => true,
}

/** A runtime in memory that passes `runtimeConformance`: a driver of its own, with its world under the test's control. */
export function createFakeRuntime({
  clock,
  engine = createFakeEngine(),
  installation: installationId = 'fake',
  capabilities = {},
}: FakeRuntimeOptions): FakeRuntime {
  const installation = fakeInstallation(engine, installationId)
  const gate = new FakeGate(clock, engine)
  const probes = new Map<ContainerId, FakeProbe>()
  const deps = { clock, engine, installation, gate, probes }
  const closed = new AbortController()
  const containers = fakeContainers(deps)
  return {
    ...containers,
    ...fakeInside(deps),
    ...fakeNetworks(deps, containers.destroy),
    capabilities: { ...allPowers, ...capabilities },
    control: fakeControl(deps),
    engine,
    watch: (signal) => fakeWatch(engine, installation, AbortSignal.any([signal, closed.signal])),
    volumes: (containerId) => fakeVolumes({ installation, gate, behaviour: engine.behaviour }, containerId),
    async inspectImage(image, signal) {
      await gate.enter('inspectImage', signal)
      const facts = engine.images.get(image) ?? [...engine.images.values()].find((each) => each.imageId === image)
      if (!facts) throw new Fault('runtime.image_not_found', `No image ${image}`)
      return facts
    },
    async build(input, signal) {
      await gate.enter('build', signal)
      const facts = engine.behaviour.onBuild(input)
      engine.images.set(facts.imageId, facts)
      return facts
    },
    async freeMb(signal) {
      await gate.enter('freeMb', signal)
      return engine.freeMb
    },
    async ping(signal) {
      await gate.enter('ping', signal)
      return { version: 'fake', warnings: [] }
    },
    async close() {
      closed.abort()
    },
  }
}
