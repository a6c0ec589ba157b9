import { expect, test } from 'bun:test'

import type { ContainerId, PoolId, WorkloadId } from '@boilerhouse/base'
import type { WorkloadSpec } from '@boilerhouse/resources'
import type { ImageFacts } from '@boilerhouse/runtime'

import { createOptions } from './create-options.ts'
import { createLayout } from './layout.ts'
import { workloadOf } from './test-fixture.ts'

const layout = createLayout({ dataDir: '/data', hostDataDir: '/host/data', slotsDir: '/slots', hostSlotsDir: '/host/slots' })
const image: ImageFacts = {
  imageId: 'sha256:1',
  entrypoint: ['/entry'],
  command: ['--flag'],
  workingDir: '/',
  environment: {},
  exposedPorts: [],
  user: '',
}
const optionsOf = (over: Partial<WorkloadSpec> = {}, network = 'bh-net', hasLayerQuota = false) =>
  createOptions({
    hasLayerQuota,
    installation: '0123456789ab',
    layout,
    image,
    network,
    spec: {
      containerId: 'c-1' as ContainerId,
      poolId: 'demo' as PoolId,
      workloadId: 'echo' as WorkloadId,
      workloadGeneration: 7,
      imageId: 'sha256:1',
      environment: { PLAIN: 'a=b' },
      workload: workloadOf(over),
    },
  })

test('a container has every wall of the design, and nothing is left to the engine', () => {
  const { entrypoint: _, ...plain } = workloadOf()
  expect<unknown>(
    optionsOf({ ...plain, entrypoint: ['/run.sh'], ports: [{ name: 'web', containerPort: 8080, protocol: 'http' }] }),
  ).toEqual({
    name: 'bh-0123456789ab-c-1',
    Image: 'sha256:1',
    Hostname: 'c-1',
    User: '1000',
    Env: ['PLAIN=a=b'],
    Entrypoint: ['/run.sh'],
    Labels: {
      'io.boilerhouse.installation': '0123456789ab',
      'io.boilerhouse.container': 'c-1',
      'io.boilerhouse.pool': 'demo',
      'io.boilerhouse.workload': 'echo',
      'io.boilerhouse.generation': '7',
    },
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    Healthcheck: { Test: ['NONE'] },
    ExposedPorts: { '8080/tcp': {} },
    HostConfig: {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      CapAdd: [],
      SecurityOpt: ['no-new-privileges:true'],
      Privileged: false,
      Init: true,
      NanoCpus: 1_000_000_000,
      Memory: 67_108_864,
      MemorySwap: 67_108_864,
      PidsLimit: 64,
      ShmSize: 16_777_216,
      Tmpfs: {
        '/tmp': 'rw,nosuid,nodev,mode=1777,size=16m',
        '/run': 'rw,nosuid,nodev,mode=0755,uid=1000,size=16m',
      },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      NetworkMode: 'bh-net',
      PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
      Mounts: [mount('/host/slots/c-1/box', '/boilerhouse', true), mount('/host/data/bin', '/boilerhouse/bin', true)],
      IpcMode: 'private',
      UsernsMode: '',
    },
  })
})

test('every volume is mounted from its own directory, secrets read-only whatever was asked for', () => {
  const { HostConfig } = optionsOf({
    volumes: {
      state: { containerPath: '/state', mode: 'rw' },
      secrets: { containerPath: '/secrets', mode: 'rw' },
      comm: { containerPath: '/comm', mode: 'rw' },
      custom: [{ name: 'cache', containerPath: '/cache', mode: 'ro' }],
    },
  })
  expect<unknown>(HostConfig?.Mounts?.slice(2)).toEqual([
    mount('/host/slots/c-1/box/secrets', '/secrets', true),
    mount('/host/data/volumes/c-1/comm', '/comm', false),
    mount('/host/data/volumes/c-1/state', '/state', false),
    mount('/host/data/volumes/c-1/custom-cache', '/cache', true),
  ])
})

test('a parked container runs our script, with the program as the engine would have put it together', () => {
  const { entrypoint: _, ...plain } = workloadOf({ warmth: 'parked' })
  const withoutEntrypoint = { ...plain, entrypoint: undefined } as unknown as Partial<WorkloadSpec>
  const park = ['/boilerhouse/bin/busybox', 'sh', '/boilerhouse/park']
  expect(optionsOf(withoutEntrypoint)).toMatchObject({ Entrypoint: park, Cmd: ['/entry', '--flag'] })
  expect(optionsOf({ ...withoutEntrypoint, command: ['other'] })).toMatchObject({ Entrypoint: park, Cmd: ['/entry', 'other'] })
  expect(optionsOf({ warmth: 'parked', entrypoint: ['/mine'] })).toMatchObject({ Entrypoint: park, Cmd: ['/mine'] })
})

test('what a workload asks for beyond the defaults is given, and nothing more', () => {
  const { HostConfig } = optionsOf({
    security: { readOnlyRootFilesystem: false, runAsUser: 0, capabilities: ['NET_BIND_SERVICE'], init: false, runtime: 'runsc' },
    resources: { cpus: 0.25, memoryMb: 8, pids: 5, diskMb: 1, gpus: 2 },
  })
  expect(HostConfig).toMatchObject({
    ReadonlyRootfs: false,
    CapDrop: ['ALL'],
    CapAdd: ['NET_BIND_SERVICE'],
    Init: false,
    Runtime: 'runsc',
    NanoCpus: 250_000_000,
    ShmSize: 2_097_152,
    DeviceRequests: [{ Driver: '', Count: 2, Capabilities: [['gpu']], Options: {} }],
  })
})

test("on the host's own network no port is published and no name is set", () => {
  const options = optionsOf({ ports: [{ name: 'web', containerPort: 8080, protocol: 'http' }] }, 'host')
  expect(options.Hostname).toBe('')
  expect(options.HostConfig?.PortBindings).toEqual({})
})

function mount(Source: string, Target: string, ReadOnly: boolean) {
  return { Type: 'bind', Source, Target, ReadOnly, BindOptions: { Propagation: 'rprivate' } }
}

test('a writable layer is held to diskMb where the engine can, and not asked for where it would refuse', () => {
  const resources = { cpus: 1, memoryMb: 64, pids: 64, diskMb: 128 }
  expect(optionsOf({ resources }, 'bh-net', true).HostConfig?.StorageOpt).toEqual({ size: '128M' })
  expect(optionsOf({ resources }).HostConfig?.StorageOpt).toBeUndefined()
})
