import { faultRegistry, type FaultCode, type FaultEntry } from '../../../packages/base/mod.ts'

const retryTexts: Record<FaultEntry['retry'], string> = {
  never: 'Trying again does not help.',
  later: 'The same call may go through later; wait for `Retry-After` where it is sent.',
  after_change: 'Trying again helps only after something was changed.',
}

const note = '<!-- Generated from packages/base/src/fault-registry.ts by `npm run generate`; edit that. -->'
const codes = Object.keys(faultRegistry).sort() as FaultCode[]

/** A page for each fault and their index: path from the root of the repository -> text. */
export function renderErrorPages(): ReadonlyMap<string, string> {
  const pages = codes.map((code): [string, string] => [`docs/errors/${code}.md`, page(code, faultRegistry[code])])
  return new Map([['docs/errors/README.md', index()], ...pages])
}

const page = (code: FaultCode, { status, title, remedy, retry }: FaultEntry): string => `# ${code}

${note}

**${title}.**

| | |
|---|---|
| HTTP status | ${status} |
| Trying again | ${retryTexts[retry]} |
| Remedy | ${remedy} |

The answer's \`detail\` says what was wrong in this case${status === 422 || status === 400 ? ', and `errors` points at each field at fault' : ''}; \`correlationId\` finds the request in the server's log.
`

const index = (): string => `# Errors

${note}

Every refused request answers with \`application/problem+json\`: \`type\` (the page below), \`title\`, \`status\`, \`detail\`, \`code\`, \`remedy\`,
\`correlationId\` and, where fields are at fault, \`errors\` with a JSON Pointer each. Codes never change their meaning.

| code | status | title | try again |
|---|---|---|---|
${codes.map((code) => `| [\`${code}\`](${code}.md) | ${faultRegistry[code].status} | ${faultRegistry[code].title} | ${faultRegistry[code].retry.replace('_', ' ')} |`).join('\n')}
`
