import type { ContainerId, PoolId, TenantId, WorkloadId } from '@boilerhouse/base'
import type { WorkloadSpec } from '@boilerhouse/resources'

import type { ContainerSpec, Delivery, Runtime } from './runtime.ts'

/** One fresh installation of the runtime under test, with its own data and slots. */
export interface ConformanceSubject extends AsyncDisposable {
  readonly runtime: Runtime
  /** An image on the host that has `sh`, `cat`, `env`, `sleep` and `httpd` (busybox, or a stand-in for it). */
  readonly image: string
  /** The same installation, opened again as a restarted server would. */
  reopen(): Promise<Runtime>
  /** Another installation over the same engine. */
  other(): Promise<Runtime>
  /** Ends the container's process from outside, as a crash or the OOM killer would. */
  kill(containerId: ContainerId): Promise<void>
  /** Takes the container's network away, or the pool's whole network, behind the runtime's back. */
  dropNetwork(poolId: PoolId): Promise<void>
  /** Everything the engine shows of a container to who may ask it: configuration, environment, command lines. */
  engineView?(containerId: ContainerId): Promise<string>
}

/** What containers run in this suite; the fake emulates exactly these. */
export const conformancePrograms = {
  /** Says a line on each stream, answers 200 at `/` and 404 at `/missing` on port 8080. */
  serve: [
    'sh',
    '-c',
    'mkdir -p /tmp/www && echo fine > /tmp/www/index.html && echo line-out && echo line-err >&2 && exec httpd -f -p 8080 -h /tmp/www',
  ],
  sleep: ['sleep', '1000'],
  /** Leaves the environment it was started with in its state. */
  greet: ['sh', '-c', 'echo "$GREETING" > /state/greeting; exec sleep 1000'],
  exits: ['sh', '-c', 'exit 7'],
} as const satisfies Record<string, readonly string[]>

export type ConformanceProgram = keyof typeof conformancePrograms

/** Commands the suite runs in containers. */
export const conformanceCommands = {
  pass: ['true'],
  fail: ['false'],
  hang: ['sleep', '1000'],
  streams: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
  catStdin: ['cat'],
  workingDir: ['pwd'],
  flood: ['sh', '-c', 'yes | head -c 300000'],
  missing: ['/no-such-program'],
} as const satisfies Record<string, readonly string[]>

export const conformanceWorkload = (program: ConformanceProgram, image: string): WorkloadSpec => ({
  name: program,
  image,
  command: [...conformancePrograms[program]],
  volumes: { state: { containerPath: '/state', mode: 'rw' } },
  environment: {},
  ports: [{ name: 'web', containerPort: 8080, protocol: 'http' }],
  resources: { cpus: 0.5, memoryMb: 64, pids: 32, diskMb: 64 },
  network: { access: 'none' },
  security: { readOnlyRootFilesystem: true, runAsUser: 1000, capabilities: [], init: true },
  warmth: program === 'greet' ? 'parked' : 'running',
  hooks: {},
  stopTimeoutMs: 1000,
  metadata: {},
})

export const conformanceSpec = (
  containerId: ContainerId,
  poolId: PoolId,
  imageId: string,
  workload: WorkloadSpec,
): ContainerSpec => ({
  containerId,
  poolId,
  workloadId: 'conformance' as WorkloadId,
  workloadGeneration: 3,
  workload,
  imageId,
  environment: {},
})

export const conformanceDelivery = (containerId: ContainerId, poolId: PoolId, change: Partial<Delivery> = {}): Delivery => ({
  claimId: 'cl-conformance' as Delivery['claimId'],
  revision: 1,
  tenantId: 'alice@example.org' as TenantId,
  poolId,
  containerId,
  config: { greeting: 'hi' },
  metadata: { plan: 'free' },
  secrets: new Map([['TOKEN', new TextEncoder().encode('s3cr3t-value-of-alice')]]),
  claimedAt: '2026-01-01T00:00:00.000Z',
  ...change,
})
