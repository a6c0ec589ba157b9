export interface StepResult {
  readonly isOk: boolean
  /** Shown where it failed; may be empty. */
  readonly output: string
}

export interface CheckStep {
  readonly name: string
  run(): Promise<StepResult>
}

/** Runs the steps two at a time, and prints one line each with its time, in their order. Returns the names of those that failed. */
export async function runSteps(steps: readonly CheckStep[], write: (text: string) => void): Promise<readonly string[]> {
  const started: Promise<StepResult & { seconds: number }>[] = []
  const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()]
  for (const [i, step] of steps.entries()) {
    const lane = i % lanes.length
    const run = (lanes[lane] ?? Promise.resolve()).then(() => timed(step))
    lanes[lane] = run
    started.push(run)
  }
  const failed: string[] = []
  for (const [i, step] of steps.entries()) {
    const result = await started[i]
    if (!result) continue
    write(`  ${result.isOk ? 'ok    ' : 'FAILED'}  ${step.name.padEnd(34)} ${result.seconds.toFixed(1)} s\n`)
    if (result.isOk) continue
    failed.push(step.name)
    if (result.output !== '') write(`${indent(result.output)}\n`)
  }
  return failed
}

async function timed(step: CheckStep): Promise<StepResult & { seconds: number }> {
  const start = performance.now()
  const result = await step.run().catch((error: Error): StepResult => ({ isOk: false, output: error.stack ?? error.message }))
  return { ...result, seconds: (performance.now() - start) / 1000 }
}

const indent = (text: string): string => text.trimEnd().replaceAll(/^/gm, '          ')
