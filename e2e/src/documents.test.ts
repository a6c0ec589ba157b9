import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { repository } from './checkout.ts'
import { stepsOf, type DocumentStep } from './documents/document-steps.ts'
import { readOutput } from './documents/output-shape.ts'
import { namedCommands, unrunCommands } from './documents/unrun-commands.ts'
import { createInstallation, type Installation } from './installation.ts'
import { runProgram } from './run-program.ts'

/** Blocks that are not run here, each with who runs it or why nobody does. */
const elsewhere: ReadonlyMap<RegExp, string> = new Map([
  [/^npm start$/, 'walkthrough.test.ts starts a fresh clone with it'],
  [/^npm run bench( |$)/, 'takes minutes and measures the machine; it is run for docs/performance.md'],
])
const isElsewhere = ({ script }: DocumentStep) =>
  script.split('\n').every((line) => [...elsewhere.keys()].some((pattern) => pattern.test(line)))

const markdownBelow = (directory: string): readonly string[] =>
  (readdirSync(join(repository, directory), { recursive: true }) as string[]) // without encoding these are strings
    .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    .map((path) => join(directory, path))
    .sort()

const pages = ['README.md', ...markdownBelow('examples'), ...markdownBelow('docs')].map((path) => {
  const markdown = readFileSync(join(repository, path), 'utf8')
  return { path, markdown, steps: stepsOf(markdown) }
})
/** Each with commands to run. The one that removes the installation comes last. */
const documents = pages
  .filter(({ steps }) => steps.some((step) => !isElsewhere(step)))
  .sort((a, b) => Number(a.path.endsWith('operations.md')) - Number(b.path.endsWith('operations.md')))

let checkout: string
let house: Installation

beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'boilerhouse-docs-'))
  // A reader's checkout, in which the documents may leave files.
  for (const name of await readdir(repository)) if (name !== '.git') await symlink(join(repository, name), join(checkout, name))
  house = await createInstallation({ command: ['up'] })
  await house.start()
  // Documents say where the data directory is by default.
  const usual = join(house.env['HOME'] ?? '', '.local/share/boilerhouse')
  await mkdir(dirname(usual), { recursive: true })
  await symlink(house.dataDir, usual)
}, 120_000)

afterAll(async () => {
  await house.dispose()
  await rm(checkout, { recursive: true })
}, 120_000)

/** The addresses of the documents are the default ones; ids and addresses of shown output are those of the last run. */
function inThisHouse(text: string, meaning: ReadonlyMap<string, string>): string {
  const addresses = new Map([
    ['127.0.0.1:3000', new URL(house.url).host],
    ['127.0.0.1:3001', new URL(house.proxyUrl).host],
  ])
  let told = text
  for (const [shown, real] of [...addresses, ...meaning]) told = told.replaceAll(shown, real)
  return told
}

describe('every command in the documents does what they say, in their order', () => {
  for (const { path, steps } of documents) {
    test(
      path,
      async () => {
        const meaning = new Map<string, string>()
        for (const step of steps.filter((each) => !isElsewhere(each))) {
          const script = inThisHouse(step.script, meaning)
          const { exitCode, stdout, stderr } = await runProgram(['sh', '-eu', '-c', script], { cwd: checkout, env: house.env })
          const where = `${path}:${step.line}\n${script}\n\n${stdout}${stderr}`
          if (exitCode !== 0) throw new Error(`exit code ${exitCode} of ${where}`)
          if (step.shown === undefined) continue
          try {
            for (const [shown, real] of readOutput(inThisHouse(step.shown, new Map()), stdout)) meaning.set(shown, real)
          } catch (cause) {
            throw new Error(`another output at ${where}`, { cause })
          }
        }
      },
      120_000,
    )
  }
})

test('no command stands where it would not be run', () => {
  expect(pages.flatMap(({ path, markdown }) => unrunCommands(markdown).map((found) => `${path}:${found}`))).toEqual([])
})

test('a command that a sentence names is one of ours, and so are its flags', async () => {
  const named = new Set(pages.flatMap(({ markdown }) => namedCommands(markdown).map((words) => words.join(' '))))
  expect(named.size).toBeGreaterThan(0)
  for (const command of named) {
    const { exitCode, stdout } = await house.cli(...command.split(' '), '--help')
    expect([command, exitCode]).toEqual([command, 0])
    for (const [flag] of command.matchAll(/--[a-z-]+/g)) expect(stdout).toContain(`${flag} `)
  }
})

test('a block that is not run here is still in a document, and has a reason', async () => {
  const scripts = pages.flatMap(({ steps }) => steps.flatMap(({ script }) => script.split('\n')))
  for (const [pattern, reason] of elsewhere) {
    expect(scripts.some((line) => pattern.test(line))).toBe(true)
    expect(reason.length).toBeGreaterThan(20)
  }
  expect(await readFile(join(repository, 'e2e/src/walkthrough.test.ts'), 'utf8')).toContain('viaNpm: true')
})
