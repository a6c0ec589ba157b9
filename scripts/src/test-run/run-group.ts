import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { systemPath } from '../bootstrap/run-command.ts'
import { countsOf, type Counts } from './counts.ts'
import type { TestGroup } from './test-groups.ts'

export interface GroupResult {
  readonly counts: Counts
  readonly seconds: number
  readonly output: string
}

export interface RunGroupOptions {
  readonly root: string
  /** TMPDIR of the tests. */
  readonly scratch: string
  /** Name of the variable that marks every process of this run, and its value. */
  readonly mark: readonly [string, string]
  /** Gets the output as it comes. */
  readonly onOutput?: (text: string) => void
}

/** One `bun test`. It is ended where it takes longer than its tests may take together. */
export async function runGroup(group: TestGroup, { root, scratch, mark, onOutput }: RunGroupOptions): Promise<GroupResult> {
  const start = performance.now()
  const report = join(scratch, `report-${group.home.replaceAll('/', '-')}.xml`)
  const argv = [process.execPath, 'test', `--timeout=${group.timeoutMs}`, '--reporter=junit', `--reporter-outfile=${report}`]
  const child = Bun.spawn([...argv, ...group.files.map((file) => `./${file}`)], {
    cwd: root,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: testEnvironment(scratch, mark),
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs(group))
  const [out, err] = await Promise.all([collect(child.stdout, onOutput), collect(child.stderr, onOutput)])
  const exitCode = await child.exited
  clearTimeout(timer)
  const text = await readFile(report, 'utf8').catch(() => undefined)
  await rm(report, { force: true })
  const end = child.signalCode ? `\nthe runner was ended by ${child.signalCode}\n` : ''
  return { counts: countsOf(text, exitCode), seconds: (performance.now() - start) / 1000, output: `${err}${out}${end}` }
}

const deadlineMs = ({ isAlone }: TestGroup): number => (isAlone ? 15 * 60_000 : 5 * 60_000)

/** The caller's settings of Boilerhouse are left out: tests run against their own. */
function testEnvironment(scratch: string, [name, value]: readonly [string, string]): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(BOILERHOUSE_|DATABASE_URL$|OTEL_|LOG_LEVEL$)/.test(entry[0]),
  )
  return { ...Object.fromEntries(own), PATH: systemPath(), TMPDIR: scratch, NO_COLOR: '1', [name]: value }
}

async function collect(stream: ReadableStream<Uint8Array>, onOutput?: (text: string) => void): Promise<string> {
  const decoder = new TextDecoder()
  let all = ''
  for await (const chunk of stream) {
    const text = decoder.decode(chunk, { stream: true })
    all += text
    onOutput?.(text)
  }
  return all
}
