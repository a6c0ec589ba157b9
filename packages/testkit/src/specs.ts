import { createValidator, PoolSpec, WorkloadSpec } from '@boilerhouse/resources'

/** A workload with an HTTP health check; the rest is the schema's defaults. */
export const demoWorkload: WorkloadSpec = createValidator(WorkloadSpec).parse({
  name: 'echo',
  image: 'echo:1',
  volumes: { state: { containerPath: '/state' } },
  ports: [{ name: 'http', containerPort: 8080 }],
  healthCheck: { http: { port: 8080 } },
  resources: { memoryMb: 64, pids: 64, diskMb: 64 },
})

export const demoPool: PoolSpec = createValidator(PoolSpec).parse({ workloadId: 'echo', minSize: 3 })
