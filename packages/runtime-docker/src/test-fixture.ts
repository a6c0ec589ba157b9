import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  newClaimId,
  newContainerId,
  noMetrics,
  silentLogger,
  systemClock,
  type ContainerId,
  type PoolId,
  type TenantId,
  type WorkloadId,
} from '@boilerhouse/base'
import type { WorkloadSpec } from '@boilerhouse/resources'
import type { ContainerSpec, Delivery } from '@boilerhouse/runtime'

import { createContainers } from './containers.ts'
import { createDeliver } from './deliver.ts'
import { createEngine } from './engine.ts'
import { createExec } from './exec.ts'
import { createImages } from './images.ts'
import { labelFilter } from './labels.ts'
import { createLayout } from './layout.ts'
import { createOwnership } from './ownership.ts'
import { ensureSlotsMount } from './slots-mount.ts'
import { createVolumeStore } from './volumes/volume-store.ts'

export const busybox = '/bin/busybox'
export const newInstallation = (): string => randomBytes(6).toString('hex')
export const never = new AbortController().signal

/** Defaults as the edge fills them in. */
export const workloadOf = (over: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
  name: 'test',
  image: 'test',
  volumes: {},
  environment: {},
  ports: [],
  resources: { cpus: 1, memoryMb: 64, pids: 64, diskMb: 64 },
  network: { access: 'none' },
  security: { readOnlyRootFilesystem: true, runAsUser: 1000, capabilities: [], init: true },
  warmth: 'running',
  hooks: {},
  stopTimeoutMs: 1000,
  metadata: {},
  entrypoint: ['/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 0.1; done'],
  ...over,
})

export const deliveryOf = (containerId: ContainerId, over: Partial<Delivery> = {}): Delivery => ({
  claimId: newClaimId(Date.now()),
  revision: 1,
  tenantId: 'alice' as TenantId,
  poolId: 'demo' as PoolId,
  containerId,
  config: { greeting: 'hi' },
  metadata: {},
  secrets: new Map(),
  claimedAt: new Date().toISOString(),
  ...over,
})

/** An image of nothing but busybox, labelled so that `removeAll` finds it. */
export function buildBusyboxImage(installation: string, lines: readonly string[] = []): string {
  const context = mkdtempSync(join(tmpdir(), 'runtime-docker-image-'))
  copyFileSync(busybox, join(context, 'busybox'))
  const dockerfile = ['FROM scratch', 'COPY busybox /bin/busybox', 'RUN ["/bin/busybox","--install","-s","/bin"]', ...lines]
  writeFileSync(join(context, 'Dockerfile'), dockerfile.join('\n'))
  const argv = ['build', '-q', '--label', `io.boilerhouse.installation=${installation}`, context]
  const id = execFileSync('docker', argv, { env: { ...process.env, DOCKER_BUILDKIT: '0' }, stdio: ['ignore', 'pipe', 'ignore'] })
  rmSync(context, { recursive: true })
  return id.toString().trim()
}

/** The parts under test on the real engine, in directories of their own; networks are the engine's default bridge. */
export async function createFixture(network = 'bridge') {
  const installation = newInstallation()
  const root = mkdtempSync(join(tmpdir(), 'runtime-docker-'))
  const dataDir = join(root, 'data')
  const slotsDir = join(root, 'slots')
  mkdirSync(join(dataDir, 'bin'), { recursive: true })
  copyFileSync(busybox, join(dataDir, 'bin', 'busybox'))
  await ensureSlotsMount(slotsDir, silentLogger)
  const layout = createLayout({ dataDir, hostDataDir: dataDir, slotsDir, hostSlotsDir: slotsDir })
  const engine = createEngine({ clock: systemClock, metrics: noMetrics })
  const images = createImages(engine, installation)
  const ownership = createOwnership({ layout })
  const volumes = createVolumeStore({ layout, clock: systemClock, log: silentLogger, ownership })
  const checkDisk = async () => {}
  const shared = { installation, layout, engine, images, volumes, ownership, clock: systemClock, metrics: noMetrics }
  const containers = createContainers({ ...shared, networkOf: () => network, checkDisk })
  const deliver = createDeliver({ layout, clock: systemClock, isRunning: containers.isRunning })
  const exec = createExec({ ...shared, inspect: containers.inspect })
  const imageId = buildBusyboxImage(installation)
  const specOf = (over: Partial<WorkloadSpec> = {}, more: Partial<ContainerSpec> = {}): ContainerSpec => ({
    containerId: newContainerId(Date.now()),
    poolId: 'demo' as PoolId,
    workloadId: 'test' as WorkloadId,
    workloadGeneration: 1,
    workload: workloadOf(over),
    imageId,
    environment: {},
    ...more,
  })
  return {
    ...shared,
    root,
    containers,
    deliver,
    exec,
    imageId,
    specOf,
    async shell(containerId: ContainerId, script: string) {
      const result = await exec(
        containerId,
        { command: ['/bin/sh', '-c', script], timeoutMs: 10_000, maxOutputBytes: 1_000_000 },
        never,
      )
      return Buffer.from(result.stdout).toString() + Buffer.from(result.stderr).toString()
    },
    async [Symbol.asyncDispose]() {
      for (const one of await containers.list(never)) await containers.destroy(one.containerId, never)
      const ours = await engine.docker.listImages({ filters: labelFilter(installation) })
      for (const image of ours) await engine.docker.getImage(image.Id).remove({ force: true })
      engine.close()
      execFileSync('umount', [slotsDir])
      rmSync(root, { recursive: true, force: true })
    },
  }
}
export type Fixture = Awaited<ReturnType<typeof createFixture>>
