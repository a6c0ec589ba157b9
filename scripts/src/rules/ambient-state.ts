import { isTestGround, isTypeScript, linesWith, type Rule } from './rule.ts'

const sources: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /\b(?:process|Bun)\.env\b/, what: 'reads the environment: take the value from the config' },
  { pattern: /\bDate\.now\(|\bnew Date\(\)/, what: 'reads the clock: take a Clock in Deps' },
  { pattern: /\bMath\.random\(/, what: 'rolls dice: take ids from base, randomness from node:crypto' },
  { pattern: /^(?:export )?(?:let|var) /, what: 'is mutable state of the module: keep it in what is made by a function' },
]

const isExempt = (path: string): boolean =>
  isTestGround(path) || path.startsWith('packages/base/') || /^apps\/[^/]+\/src\/config\//.test(path)

export const ambientState: Rule = {
  name: 'no ambient state',
  why: 'Time, chance and environment come in through Deps, so that a test can hold them still; only base and config read them.',
  find: (files) =>
    files
      .filter(({ path }) => isTypeScript(path) && /^(packages|apps)\//.test(path) && !isExempt(path))
      .flatMap(({ path, text }) =>
        sources.flatMap(({ pattern, what }) => linesWith(text, pattern).map(({ line }) => ({ path, line, what }))),
      ),
}
