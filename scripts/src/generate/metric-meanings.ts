import { metricTable, type MetricName } from '../../../packages/base/mod.ts'
import { table } from './schema-fields.ts'

/** What a figure means to whoever looks at it at three in the morning. A metric without a meaning does not compile. */
const meanings: Readonly<Record<MetricName, string>> = {
  claims_total:
    'Any `outcome` but `ok` is a claim that somebody did not get; the outcome is its page in [errors](errors/README.md). Many with `source="cold"`: raise `minSize`.',
  claim_duration_seconds:
    '`source="pool"` is the promise of the product: milliseconds. `cold` holds a start, `existing` is a claim that was there.',
  claim_phase_seconds:
    'Which phase is slow: `bind` and `activate` are the database, `deliver` the slot, `restore` the disk, `wait` a container that has to start, `probe` and `hook` the workload itself.',
  releases_total: '`claim.release_failed`: files could not be kept; container and files stay until somebody acts.',
  release_duration_seconds: 'Mostly `stopTimeoutMs` and the `preRelease` hook.',
  pool_containers:
    '`warm` at 0 for long: claims are cold or refused. `quarantined` above 0: files wait for a person. `draining` that stays: the engine does not remove.',
  pool_hit_rate: 'Below 1: the pool is too small for how claims come, or refills too slowly.',
  refill_seconds: 'How long a claimed place stays empty. Grows with the workload’s start and probe, and with a busy engine.',
  container_start_seconds: 'The engine alone. Grows when the host is short of CPU or disk.',
  transitions_total:
    '`kind="container",to="lost"`: containers die under their tenants. `to="unhealthy"`: probes fail. `kind="pool",to="degraded"`: a circuit opened.',
  probe_failures_total: 'In `state="starting"` normal while programs come up; in `warm` and `bound` the workload is ill.',
  exec_total: 'Outcomes of commands run in containers.',
  http_requests_total: 'Status 5xx by operation. 429: a key is over its rate. 401 in masses: somebody tries keys.',
  http_request_seconds: 'Holds waits and streams of the operations that have them.',
  queue_depth: 'A depth that only grows: the controller does not keep up, or each pass fails.',
  queue_lag_seconds: 'Above a second for long: the process is busy, or the database slow.',
  reconcile_errors_total: 'The `code` says why passes fail; `store.fenced` once is a change of leader.',
  engine_call_seconds:
    'Docker itself, by call; `outcome` is `ok` or the fault. Slow calls make slow refills, never slow warm claims.',
  event_subscribers: 'Open event streams of this process.',
  event_lag_seconds: 'From commit to fan-out. Above a second: a long transaction holds readers back.',
  store_call_seconds: 'The database by statement; `claims.bind` is the claim’s one durable commit, so it shows the disk.',
}

/** A part of `docs/operations.md`. */
export const renderMetricTable = (): string =>
  table(
    ['metric', 'kind', 'labels', 'what it counts', 'what it tells'],
    (Object.keys(metricTable) as MetricName[]).map((name) => {
      const { kind, labels, help } = metricTable[name]
      return [`\`boilerhouse_${name}\``, kind, labels.map((label) => `\`${label}\``).join(' '), help, meanings[name]]
    }),
  )
