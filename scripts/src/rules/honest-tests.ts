import { isRule, isTest, linesWith, type Rule } from './rule.ts'

const tricks: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  {
    pattern: /\b(?:test|it|describe)\.(?:skip|todo|only|skipIf|todoIf|failing)\b/,
    what: 'is skipped, kept for later, alone, or expected to fail',
  },
  { pattern: /\bmock\.module\(|\bspyOn\(|\bjest\.mock\(/, what: 'replaces a module: use the fake of the port' },
  { pattern: /\bretry:\s*\d/, what: 'is retried: make it hold the first time' },
]

export const honestTests: Rule = {
  name: 'honest tests',
  why: 'A test that is skipped, retried or runs against a mock of our own code proves nothing.',
  find: (files) =>
    files
      .filter(({ path }) => isTest(path) && !isRule(path))
      .flatMap(({ path, text }) =>
        tricks.flatMap(({ pattern, what }) => linesWith(text, pattern).map(({ line }) => ({ path, line, what }))),
      ),
}
