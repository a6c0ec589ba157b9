import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import type { Benchmark } from './benchmark.ts'
import { burstBench } from './burst-bench.ts'
import { claimBench } from './claim-bench.ts'
import { coldBench } from './cold-bench.ts'
import { compareRuns, isRegression, renderComparison, type Run } from './compare-runs.ts'
import { crudBench } from './crud-bench.ts'
import { eventsBench } from './events-bench.ts'
import { describeMachine } from './machine.ts'
import { memoryBench } from './memory-bench.ts'
import { parkedBench } from './parked-bench.ts'
import { peerBench } from './peer-bench.ts'
import { poissonBench } from './poisson-bench.ts'
import { poolSizeBench } from './poolsize-bench.ts'
import { openRawEngine } from './raw-engine.ts'
import { refillBench } from './refill-bench.ts'
import { isMet, renderBar, renderResult, type Report } from './report.ts'
import { restartBench } from './restart-bench.ts'
import { readRuns, writeRuns } from './run-file.ts'
import { throughputBench } from './throughput-bench.ts'

const benches: readonly Benchmark[] = [
  claimBench,
  burstBench,
  parkedBench,
  coldBench,
  refillBench,
  restartBench,
  peerBench,
  throughputBench,
  poolSizeBench,
  crudBench,
  eventsBench,
  poissonBench,
  memoryBench,
]
const resultsDir = join(import.meta.dirname, '../results')

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: {
    strict: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    scale: { type: 'string', default: '1' },
    runs: { type: 'string' },
    out: { type: 'string' },
    compare: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

process.exitCode = values.help ? tellUsage() : await runAll()

function tellUsage(): number {
  const list = benches.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')
  process.stdout
    .write(`npm run bench -- [name…] [--strict] [--seed N] [--scale X] [--runs N] [--out FILE] [--compare FILE]\n\n${list}\n
--strict  exit code 1 where a bar is missed
--seed    repeats the order of what is interleaved (1)
--scale   multiplies the rounds (1); the bars are judged at 1 or more
--runs    how often each is run (1; 5 with --out and --compare)
--out     writes the runs to a file
--compare exit code 1 where a bar, held against the control of its run, is worse than in the runs of the file beyond the spread of both\n`)
  return 0
}

async function runAll(): Promise<number> {
  const unknown = positionals.find((name) => !benches.some((bench) => bench.name === name))
  if (unknown !== undefined) {
    process.stderr.write(`There is no bench ${unknown}; there are ${benches.map(({ name }) => name).join(', ')}\n`)
    return 2
  }
  const theirs = values.compare === undefined ? undefined : await readRuns(values.compare)
  const runs = Number(values.runs ?? (theirs || values.out ? 5 : 1))
  if (!Number.isInteger(runs) || runs < 1) throw new RangeError(`--runs must be a positive integer, got ${values.runs}`)
  const wanted = benches.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const reports: Report[] = []
  for (const bench of wanted) for (let run = 0; run < runs; run++) reports.push(await runOne(bench))
  if (values.out !== undefined) await writeRuns(values.out, reports)
  const bars = reports.flatMap((report) => report.bars)
  process.stdout.write(`\n${bars.map(renderBar).join('\n')}\n`)
  const isWorse = theirs !== undefined && !wanted.map(({ name }) => isAsGood(name, theirs, reports)).every(Boolean)
  return isWorse || (values.strict && !bars.every(isMet)) ? 1 : 0
}

/** Tells each bar beside the earlier runs. What cannot be compared is not as good. */
function isAsGood(name: string, theirs: readonly Run[], ours: readonly Run[]): boolean {
  const of = (runs: readonly Run[]) => runs.filter((run) => run.name === name)
  const compared = compareRuns(of(theirs), of(ours))
  if (compared.outcome === 'refused') {
    process.stderr.write(`${name} cannot be compared: ${compared.reason}\n`)
    return false
  }
  const { comparisons, falseAlarms } = compared
  process.stdout.write(`\n${name}, in times of the run's control (by chance one bar in ${falseAlarms} is called worse):\n`)
  process.stdout.write(`${comparisons.map(renderComparison).join('\n')}\n`)
  return !comparisons.some(isRegression)
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
