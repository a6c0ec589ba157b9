/**
 * Every metric there is. `api` feeds them to Prometheus; the packages that measure know only this port. Names get the prefix
 * `boilerhouse_`. A metric that nothing feeds fails a test.
 */
export const metricTable = {
  claims_total: { kind: 'counter', help: 'Claims by source and outcome (a fault code, or ok).', labels: ['source', 'outcome'] },
  claim_duration_seconds: { kind: 'histogram', help: 'Time of a claim from request to answer.', labels: ['source'] },
  claim_phase_seconds: { kind: 'histogram', help: 'Time of each phase of a claim.', labels: ['phase'] },
  releases_total: { kind: 'counter', help: 'Releases by outcome.', labels: ['outcome'] },
  release_duration_seconds: { kind: 'histogram', help: 'Time of a release.', labels: [] },
  pool_containers: { kind: 'gauge', help: 'Containers by pool and state.', labels: ['pool', 'state'] },
  pool_hit_rate: { kind: 'gauge', help: 'Claims served warm over all claims of the last hour.', labels: ['pool'] },
  refill_seconds: { kind: 'histogram', help: "From a container's row to warm.", labels: ['pool'] },
  container_start_seconds: { kind: 'histogram', help: "The engine's create and start of a container.", labels: [] },
  transitions_total: { kind: 'counter', help: 'State transitions by kind and new state.', labels: ['kind', 'to'] },
  probe_failures_total: { kind: 'counter', help: 'Probes that failed, by pool and container state.', labels: ['pool', 'state'] },
  exec_total: { kind: 'counter', help: 'Commands run in containers by outcome.', labels: ['outcome'] },
  http_requests_total: { kind: 'counter', help: 'Requests by operation and status.', labels: ['operation', 'status'] },
  http_request_seconds: { kind: 'histogram', help: 'Time of requests by operation.', labels: ['operation'] },
  queue_depth: { kind: 'gauge', help: "Keys waiting in a controller's queue.", labels: ['controller'] },
  queue_lag_seconds: { kind: 'histogram', help: 'From a key being due to being looked at.', labels: ['controller'] },
  reconcile_errors_total: { kind: 'counter', help: 'Passes that ended in a fault.', labels: ['controller', 'code'] },
  engine_call_seconds: { kind: 'histogram', help: 'Time of engine calls.', labels: ['call', 'outcome'] },
  event_subscribers: { kind: 'gauge', help: 'Open event streams.', labels: [] },
  event_lag_seconds: { kind: 'histogram', help: "From an event's commit to its fan-out.", labels: [] },
  store_call_seconds: { kind: 'histogram', help: 'Time of database statements.', labels: ['statement'] },
} as const satisfies Record<string, { kind: 'counter' | 'gauge' | 'histogram'; help: string; labels: readonly string[] }>

export type MetricName = keyof typeof metricTable
type Named<Kind> = { [Name in MetricName]: (typeof metricTable)[Name]['kind'] extends Kind ? Name : never }[MetricName]
export type MetricLabels<Name extends MetricName> = Readonly<Record<(typeof metricTable)[Name]['labels'][number], string>>

export interface Metrics {
  count<Name extends Named<'counter'>>(name: Name, labels: MetricLabels<Name>, by?: number): void
  gauge<Name extends Named<'gauge'>>(name: Name, labels: MetricLabels<Name>, value: number): void
  /** Seconds. */
  observe<Name extends Named<'histogram'>>(name: Name, labels: MetricLabels<Name>, seconds: number): void
}

export const noMetrics: Metrics = { count: () => {}, gauge: () => {}, observe: () => {} }

/** Spans of a trace; a no-op where no OTLP endpoint is set. Attributes never hold secrets. */
export interface Tracer {
  span<T>(name: string, attributes: Readonly<Record<string, string | number | boolean>>, action: () => Promise<T>): Promise<T>
}

export const noTracer: Tracer = { span: (_name, _attributes, action) => action() }
