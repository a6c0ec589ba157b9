import type { PoolSpec, WorkloadSpec } from '@boilerhouse/resources'

/** A workload with an HTTP health check, as the schema's defaults would complete it. */
export const demoWorkload: WorkloadSpec = {
  name: 'echo',
  image: 'echo:1',
  volumes: { state: { containerPath: '/state', mode: 'rw' } },
  environment: {},
  ports: [{ name: 'http', containerPort: 8080, protocol: 'http' }],
  healthCheck: { http: { port: 8080, path: '/' }, intervalMs: 30_000, timeoutMs: 5_000, retries: 3, startPeriodMs: 0 },
  resources: { cpus: 1, memoryMb: 64, pids: 64, diskMb: 64 },
  network: { access: 'none' },
  security: { readOnlyRootFilesystem: true, runAsUser: 1000, capabilities: [], init: true },
  warmth: 'running',
  hooks: {},
  stopTimeoutMs: 10_000,
  metadata: {},
}

export const demoPool: PoolSpec = {
  workloadId: 'echo',
  minSize: 3,
  maxSize: 10,
  idleTimeoutMs: 300_000,
  maxFillConcurrency: 4,
  startDeadlineMs: 60_000,
  reuse: 'never',
  verifyOnClaim: false,
  network: {},
}
