import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import type { Benchmark } from './benchmark.ts'
import { burstBench } from './burst-bench.ts'
import { claimBench } from './claim-bench.ts'
import { describeMachine } from './machine.ts'
import { openRawEngine } from './raw-engine.ts'
import { isMet, renderBar, renderResult, type Report } from './report.ts'
import { throughputBench } from './throughput-bench.ts'

const benches: readonly Benchmark[] = [claimBench, burstBench, throughputBench]
const resultsDir = join(import.meta.dirname, '../results')

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    strict: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
})

process.exitCode = values.help ? tellUsage() : await runAll()

function tellUsage(): number {
  const list = benches.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')
  process.stdout.write(`npm run bench -- [name…] [--strict] [--seed N] [--scale X]\n\n${list}\n
--strict  exit code 1 where a bar is missed
--seed    repeats the order of what is interleaved (1)
--scale   multiplies the rounds (1); the bars are judged at 1 or more\n`)
  return 0
}

async function runAll(): Promise<number> {
  const unknown = positionals.find((name) => !benches.some((bench) => bench.name === name))
  if (unknown !== undefined) {
    process.stderr.write(`There is no bench ${unknown}; there are ${benches.map(({ name }) => name).join(', ')}\n`)
    return 2
  }
  const wanted = benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const reports: Report[] = []
  for (const bench of wanted) reports.push(await runOne(bench))
  const bars = reports.flatMap((report) => report.bars)
  process.stdout.write(`\n${bars.map(renderBar).join('\n')}\n`)
  return values.strict && !bars.every(isMet) ? 1 : 0
}

async function runOne(bench: Benchmark): Promise<Report> {
  const [seed, scale] = [Number(values.seed), Number(values.scale)]
  const { version } = await openRawEngine('/var/run/docker.sock')
  const machine = describeMachine(version)
  const at = new Date().toISOString()
  const result = await bench.run({ seed, scale, note: (line) => process.stderr.write(`  ${bench.name}: ${line}\n`) })
  const report = { ...result, at, seed, scale, machine }
  await mkdir(resultsDir, { recursive: true })
  await Bun.write(join(resultsDir, `${bench.name}.json`), `${JSON.stringify(report)}\n`)
  process.stdout.write(renderResult(result))
  return report
}
