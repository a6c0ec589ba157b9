import { createLogger, systemClock } from '@boilerhouse/base'
import { createClient, type Client } from '@boilerhouse/client'
import type { PoolStatus } from '@boilerhouse/resources'

import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { logWriter } from '../cli/log-writer.ts'
import type { Output } from '../cli/output.ts'
import { describeSettings } from '../config/describe-settings.ts'
import { adminKeyFile, loadConfig, type Config } from '../config/load-config.ts'
import { seedExamples } from '../workloads/seed-examples.ts'
import { watchDefinitions } from '../workloads/watch-definitions.ts'

export const up = command({
  path: ['up'],
  summary: 'Run everything of one machine: API, proxy and controllers.',
  args: [],
  flags: { 'no-examples': { kind: 'truth', about: 'Do not register the example workloads in an empty installation.' } },
  async run({ flags, output, signal }) {
    const startedAt = systemClock.monotonicMs()
    const config = await loadConfig()
    tellSettings(config, output)
    const log = createLogger({ level: config.logLevel, clock: systemClock, write: logWriter(process.stderr.isTTY, output.note) })
    // Loaded here, so that the other commands start without the server's parts.
    const { runHouse } = await import('../run-house.ts')
    const running = await runHouse(config, log, ['api', 'controllers'])
    try {
      const client = createClient({ baseUrl: running.url ?? '', key: config.apiKey })
      for (const line of running.told) output.note(line)
      if (!flags['no-examples']) await seed(client, output)
      await waitForPools(client, output, signal)
      output.note(`ready after ${((systemClock.monotonicMs() - startedAt) / 1000).toFixed(1)} s`)
      welcome(config, running.url ?? '', output)
      await watchDefinitions({ directory: config.workloadsDir, client, clock: systemClock, log }, signal)
    } finally {
      output.note('stopping: requests end, containers stay')
      await running.stop()
      output.note('stopped')
    }
  },
})

function tellSettings(config: Config, output: Output): void {
  for (const warning of config.warnings) output.note(`warning: ${warning}`)
  const shown = describeSettings(config).filter(({ value }) => value !== undefined && value !== null)
  const width = Math.max(...shown.map(({ variable }) => variable.length))
  for (const { variable, value, source } of shown) {
    output.note(`${variable.padEnd(width)}  ${typeof value === 'string' ? value : JSON.stringify(value)} (${source})`)
  }
}

async function seed(client: Client, output: Output): Promise<void> {
  for (const { definition, outcome, detail } of await seedExamples(client)) {
    output.note(`${definition.kind} ${definition.id} ${outcome}${detail === undefined ? '' : `: ${detail}`}`)
  }
}

/** Shows the filling; a pool that cannot fill is told and not waited for. */
async function waitForPools(client: Client, output: Output, signal: AbortSignal): Promise<void> {
  let told = ''
  const deadline = systemClock.monotonicMs() + 60_000
  while (!signal.aborted && systemClock.monotonicMs() < deadline) {
    const { items } = answer(await client.GET('/api/v1/pools', { params: { query: { limit: 500 } } }))
    const line = items.map(({ id, status, minSize }) => `pool ${id}: ${status.warm} of ${minSize} warm`).join(', ')
    if (line !== told) output.note(line)
    told = line
    if (items.every(isSettled)) return
    await systemClock.sleep(100, signal)
  }
}

/** There is nothing to wait for: it is as full as it gets, or the host has no place for more. */
const isSettled = ({ status }: { readonly status: PoolStatus }): boolean =>
  status.phase !== 'filling' || status.conditions.some(({ type }) => type === 'HostDiskFull' || type === 'MaxContainers')

function welcome(config: Config, url: string, output: Output): void {
  output.raw(`
Boilerhouse is ready at ${url} (reference: ${url}/docs)
The admin key lies in ${config.dataDir}/${adminKeyFile}

Try:
  ./boilerhouse tenant claim alice --pool demo --config '{"greeting":"hi"}' --secret TOKEN=s3cr3t
  ./boilerhouse tenant list
  ./boilerhouse tenant release alice --pool demo

Ctrl-C stops the server; containers stay, and the next start adopts them.
`)
}
