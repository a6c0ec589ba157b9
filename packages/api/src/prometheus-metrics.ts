import { metricTable, type MetricName, type Metrics } from '@boilerhouse/base'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'

export interface PrometheusMetrics extends Metrics {
  readonly contentType: string
  /** The text format. */
  render(): Promise<string>
  /** Forgets what was fed for pools that `pools` does not name: a label of each pool there ever was would grow without end. */
  keepPools(pools: () => Promise<ReadonlySet<string>>): Promise<void>
}

/** From 100 µs (a warm claim) to a minute (a cold start). */
const buckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** The metrics of base over prom-client, in a registry of its own: two servers in one process do not meet. */
export function createPrometheusMetrics(): PrometheusMetrics {
  const registry = new Registry()
  const made = new Map<string, Counter | Gauge | Histogram>()
  for (const [name, { kind, help, labels }] of Object.entries(metricTable)) {
    const options = { name: `boilerhouse_${name}`, help, labelNames: [...labels], registers: [registry] }
    made.set(
      name,
      kind === 'counter' ? new Counter(options) : kind === 'gauge' ? new Gauge(options) : new Histogram({ ...options, buckets }),
    )
  }
  const of = <Kind>(name: MetricName): Kind => made.get(name) as Kind // made above, of the kind the table says
  return {
    contentType: registry.contentType,
    count: (name, labels, by = 1) => of<Counter>(name).inc(labels, by),
    gauge: (name, labels, value) => of<Gauge>(name).set(labels, value),
    observe: (name, labels, seconds) => of<Histogram>(name).observe(labels, seconds),
    render: () => registry.metrics(),
    async keepPools(pools) {
      // Seen before the pools are read: one made meanwhile is not taken for one that is gone.
      const seen = await Promise.all([...made].flatMap(([name, metric]) => (hasPool(name) ? [labelsSeen(name, metric)] : [])))
      const kept = await pools()
      for (const { metric, labels } of seen.flat()) if (!kept.has(String(labels['pool']))) metric.remove(labels)
    },
  }
}

type Labels = Record<string, string | number>
interface Seen {
  readonly metric: Counter | Gauge | Histogram
  readonly labels: Labels
}

const labelNamesOf = (name: string): readonly string[] => metricTable[name as MetricName].labels
const hasPool = (name: string): boolean => labelNamesOf(name).includes('pool')

async function labelsSeen(name: string, metric: Counter | Gauge | Histogram): Promise<readonly Seen[]> {
  const { values } = await metric.get()
  const each = new Map<string, Seen>()
  for (const value of values) {
    // A histogram's values have a label of their own beside ours.
    const own = Object.entries(value.labels).filter(([label]) => labelNamesOf(name).includes(label))
    const labels = Object.fromEntries(own) as Labels // as they were fed: text
    each.set(JSON.stringify(own), { metric, labels })
  }
  return [...each.values()]
}
