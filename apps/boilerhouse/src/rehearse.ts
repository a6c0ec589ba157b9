import { createApi, createPrometheusMetrics, hashKey } from '@boilerhouse/api'
import { createSecretBox, newContainerId, noTracer, silentLogger, type Clock, type PoolId } from '@boilerhouse/base'
import { createClaims } from '@boilerhouse/claims'
import { createValidator, PoolSpec, WorkloadSpec, type WorkloadRecord } from '@boilerhouse/resources'
import { createFakeRuntime } from '@boilerhouse/runtime'
import { createEventHub, createMemoryStore, type Store } from '@boilerhouse/store'

/** By then most of the path is compiled; the first hundreds of tenants would else wait for that, a tenth of a ms each. */
const claimCount = 300

const workloadId = 'rehearsal' as WorkloadRecord['id']
const poolId = 'rehearsal' as PoolId
const image = 'rehearsal:1'
const key = 'rehearsal'

/**
 * Claims from a house of stand-ins in memory, through the API's own router, while the real one is being built: what runs often is
 * compiled, so that the first tenants find it so. Touches nothing outside itself; it is over when it resolves.
 */
export async function rehearse(clock: Clock): Promise<void> {
  const metrics = createPrometheusMetrics()
  const parts = { clock, log: silentLogger, metrics, box: createSecretBox(key) }
  const store = createMemoryStore({ clock })
  // Nothing is started: a delivery is all that a warm claim asks of a runtime.
  const runtime = { ...createFakeRuntime({ clock }), deliver: async () => ({ isNew: true, isStarted: true }) }
  const hub = createEventHub({ events: store.events, ...parts })
  await hub.start()
  const settings = { maxClaimsPerTenant: claimCount, maxContainers: claimCount, environment: {} }
  const claims = createClaims({ store, hub, runtime, ...parts, tracer: noTracer, settings })
  const doctor = () => Promise.reject(new Error('a rehearsal has no doctor'))
  const api = createApi({
    store,
    hub,
    claims,
    runtime,
    ...parts,
    version: '',
    adminKeyHash: hashKey(key),
    settings: () => [],
    doctor,
  })
  try {
    await store.workloads.create({ id: workloadId, spec: createValidator(WorkloadSpec).parse(workload) }, {})
    await store.workloads.setStatus(workloadId, 1, { state: 'ready', imageId: image }, {})
    await store.pools.create({ id: poolId, spec: createValidator(PoolSpec).parse({ workloadId, maxSize: claimCount }) }, {})
    for (let i = 0; i < claimCount; i++) {
      await addWarm(store, clock)
      const response = await api.fetch(requestOf(i))
      if (response.status !== 201) throw new Error(`A rehearsed claim was answered ${response.status}: ${await response.text()}`)
      // What the house waits for meanwhile goes on.
      await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    await api.close()
    await claims.close()
    await hub.stop()
    await runtime.close()
    await store.close()
  }
}

const workload = {
  name: 'Rehearsal',
  image,
  ports: [{ name: 'http', containerPort: 8080 }],
  configSchema: { type: 'object', properties: { greeting: { type: 'string' } } },
}

async function addWarm(store: Store, clock: Clock): Promise<void> {
  const id = newContainerId(clock.nowMs())
  const subject = `container/${id}`
  await store.containers.create({ id, poolId, workloadGeneration: 1, onDemand: false }, {})
  const address = { ip: '192.0.2.1', hostPorts: { '8080': 1 } }
  const event = { type: 'container.warm', actor: key, subject, poolId, containerId: id } as const
  await store.containers.transition(id, ['starting'], 'warm', { address }, { event })
}

/** Each field that a claim may bring, so that each of its paths is run. */
const requestOf = (i: number): Request =>
  new Request(`http://localhost/api/v1/tenants/tenant-${i}/claim`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ poolId, config: { greeting: 'hi' }, secrets: { TOKEN: 'secret' }, metadata: { plan: 'pro' } }),
  })
