import type { Run } from './compare-runs.ts'
import type { Report } from './report.ts'

/** Runs of one commit, of one bench or several, for `--compare` later. Without samples: those of the last run are in `results`. */
export async function writeRuns(path: string, reports: readonly Report[]): Promise<void> {
  const runs = reports.map((report) => ({ ...report, samplesMs: {} }))
  await Bun.write(path, `${JSON.stringify({ runs }, null, 1)}\n`)
}

/** Throws where the file is not one of `writeRuns`. */
export async function readRuns(path: string): Promise<readonly Run[]> {
  const { runs } = (await Bun.file(path).json()) as { runs?: unknown }
  const isRun = (run: unknown): run is Run =>
    typeof run === 'object' && run !== null && 'name' in run && 'scale' in run && 'bars' in run && 'rows' in run
  if (!Array.isArray(runs) || !runs.every(isRun)) throw new Error(`${path} holds no runs: it is made by --out`)
  return runs
}
