import { isRule, isTypeScript, type Rule } from './rule.ts'

const marks: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /(?:oxlint|eslint)-disable(?!.* -- \S)/, what: 'switches a lint rule off without saying why (` -- reason`)' },
  { pattern: /@ts-(?:ignore|nocheck)\b/, what: 'switches the type check off' },
  { pattern: /@ts-expect-error\s*$/, what: 'expects a type error without saying why' },
  {
    pattern: new RegExp(`\\b(?:${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|${['X', 'XX'].join('')})\\b`),
    what: 'leaves work for later: do it, or open an issue',
  },
]

export const reasons: Rule = {
  name: 'exemptions carry a reason',
  why: 'The next reader has to know whether the exemption still holds; unfinished work belongs in an issue.',
  find: (files) =>
    files
      .filter(({ path }) => isTypeScript(path) && !path.includes('.generated.') && !isRule(path))
      .flatMap(({ path, text }) =>
        text
          .split('\n')
          .flatMap((content, i) =>
            marks.filter(({ pattern }) => pattern.test(content)).map(({ what }) => ({ path, line: i + 1, what })),
          ),
      ),
}
