import { join } from 'node:path'

import { runCommand } from '../bootstrap/run-command.ts'
import { generatedDocuments } from '../generate/documents.ts'
import { staleFiles } from '../generate/generated-files.ts'
import { allRules } from '../rules/all-rules.ts'
import { repositoryFiles } from '../rules/repository-files.ts'
import type { Finding, RepositoryFile, Rule } from '../rules/rule.ts'
import type { CheckStep, StepResult } from './run-steps.ts'

/** Everything that `npm run check` looks at, in the order in which it is printed. */
export function checkSteps(root: string): readonly CheckStep[] {
  const tool = (name: string, ...argv: readonly string[]): CheckStep => ({
    name,
    run: () => runTool([join(root, 'node_modules/.bin', argv[0] ?? ''), ...argv.slice(1)], root),
  })
  const files = onceOf(() => repositoryFiles(root))
  return [
    tool('types (tsc)', 'tsc', '-p', '.'),
    tool('dead code (knip)', 'knip', '--no-progress'),
    tool('lint (oxlint)', 'oxlint', '--deny-warnings'),
    tool('format (oxfmt)', 'oxfmt', '--check'),
    ...allRules.map((rule): CheckStep => ({ name: rule.name, run: async () => judge(rule, await files()) })),
    { name: 'generated files', run: () => generatedFiles(root) },
  ]
}

async function runTool(argv: readonly string[], cwd: string): Promise<StepResult> {
  const { exitCode, output } = await runCommand(argv, { cwd, env: { NO_COLOR: '1' } })
  return { isOk: exitCode === 0, output }
}

export function judge(rule: Rule, files: readonly RepositoryFile[]): StepResult {
  const findings = rule.find(files)
  return { isOk: findings.length === 0, output: [...findings.map(place), `why: ${rule.why}`].join('\n') }
}

const place = ({ path, line, what }: Finding): string => `${path}${line === undefined ? '' : `:${line}`}  ${what}`

async function generatedFiles(root: string): Promise<StepResult> {
  const stale = (await Promise.all((await generatedDocuments(root)).map((generated) => staleFiles(root, generated)))).flat()
  return {
    isOk: stale.length === 0,
    output: [...stale.map((path) => `${path}  is stale`), 'remedy: npm run generate'].join('\n'),
  }
}

function onceOf<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
