import { mkdtempSync, rmSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { noMetrics, silentLogger, systemClock } from '@boilerhouse/base'
import type { Runtime } from '@boilerhouse/runtime'
import { runtimeConformance } from '@boilerhouse/runtime/conformance'

import { createDockerRuntime } from './docker-runtime.ts'
import { createEngine } from './engine.ts'
import { engineNameOf, labelFilter, labels } from './labels.ts'
import { isMountPoint } from './slots-mount.ts'
import { buildBusyboxImage, busybox, newInstallation } from './test-fixture.ts'

async function createSubject() {
  const installation = newInstallation()
  const root = mkdtempSync(join(tmpdir(), 'runtime-docker-conformance-'))
  const { docker, close } = createEngine({ clock: systemClock, metrics: noMetrics })
  const image = buildBusyboxImage(installation)
  const open = (name: string, of = installation): Promise<Runtime> =>
    createDockerRuntime({
      installation: of,
      dataDir: join(root, name),
      hostDataDir: join(root, name),
      slotsDir: join(root, `${name}-slots`),
      hostSlotsDir: join(root, `${name}-slots`),
      networkCidr: '10.213.0.0/16',
      allowNetworks: [],
      busyboxPath: busybox,
      clock: systemClock,
      log: silentLogger,
      metrics: noMetrics,
    })
  const runtime = await open('data')
  return {
    runtime,
    image,
    reopen: () => open('data'),
    other: () => open('other', newInstallation()),
    async kill(containerId: string) {
      const container = docker.getContainer(`bh-${installation}-${containerId}`)
      await container.kill()
      await container.wait()
    },
    async dropNetwork(poolId: string) {
      const label = [`${labels.installation}=${installation}`, `${labels.pool}=${poolId}`]
      for (const { Id } of await docker.listNetworks({ filters: { label } })) {
        const { Containers = {} } = await docker.getNetwork(Id).inspect()
        for (const Container of Object.keys(Containers)) await docker.getNetwork(Id).disconnect({ Container, Force: true })
        await docker.getNetwork(Id).remove()
      }
    },
    async engineView(containerId: Parameters<typeof engineNameOf>[1]) {
      const container = docker.getContainer(engineNameOf(installation, containerId))
      return JSON.stringify([await container.inspect(), await container.top()])
    },
    async [Symbol.asyncDispose]() {
      for (const one of await runtime.list(new AbortController().signal))
        await runtime.destroy(one.containerId, new AbortController().signal)
      await runtime.close()
      for (const { Id } of await docker.listImages({ filters: labelFilter(installation) }))
        await docker.getImage(Id).remove({ force: true })
      close()
      for (const slots of ['data-slots', 'other-slots']) {
        if (isMountPoint(join(root, slots))) execFileSync('umount', [join(root, slots)])
      }
      rmSync(root, { recursive: true, force: true })
    },
  }
}

runtimeConformance({ name: 'docker', create: createSubject })
