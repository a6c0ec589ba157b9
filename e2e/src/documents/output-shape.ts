/** What differs from run to run: ids, times, addresses, where a claim's container came from, `…` for anything on a line, numbers, and how wide a column is. */
const volatile = new RegExp(
  [
    '(?<name>\\b(?:c|cl|k)-[0-9a-z]{20}\\b|\\b127\\.0\\.0\\.1:\\d+)',
    '(?<time>\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z)',
    // A claim may be quicker than the pool that was just made.
    '(?<source>\\b(?:pool|cold)(?:\\+data)?(?=, [\\d.]+ ms))',
    '(?<any>…)',
    '(?<number>\\d+(?:\\.\\d+)?)',
    '(?<gap>\\s+)',
  ].join('|'),
  'g',
)

const patterns: Readonly<Record<string, string>> = {
  time: '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z',
  source: '(?:pool|cold)(?:\\+data)?',
  any: '.*',
  number: '\\d+(?:\\.\\d+)?',
  gap: '\\s+',
}

/** Where what is shown in a document stands for what was printed: a container's id, an address. */
export type Meaning = ReadonlyMap<string, string>

/**
 * Compares line by line; a line that is only `…` stands for any lines. Resolves each shown id and address to the real one, and throws
 * the first line that does not fit.
 */
export function readOutput(shown: string, printed: string): Meaning {
  const meaning = new Map<string, string>()
  const actual = printed.trimEnd().split('\n')
  let at = 0
  let maySkip = false
  for (const line of shown.trimEnd().split('\n')) {
    if (line.trim() === '…') {
      maySkip = true
      continue
    }
    const found = actual.slice(at, maySkip ? actual.length : at + 1).findIndex((candidate) => fits(line, candidate, meaning))
    if (found < 0) throw new Error(`shown    ${line}\nprinted  ${actual[at] ?? '(nothing more)'}\n\n${printed}`)
    at += found + 1
    maySkip = false
  }
  if (!maySkip && at < actual.length) throw new Error(`printed beyond what is shown: ${actual[at]}`)
  return meaning
}

function fits(shown: string, printed: string, meaning: Map<string, string>): boolean {
  const names: string[] = []
  let pattern = ''
  let from = 0
  const trimmed = shown.trimEnd()
  for (const match of trimmed.matchAll(volatile)) {
    pattern += escape(trimmed.slice(from, match.index))
    from = match.index + match[0].length
    const kind = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined)?.[0] ?? ''
    if (kind === 'name') {
      names.push(match[0])
      pattern += match[0].startsWith('127.') ? '(127\\.0\\.0\\.1:\\d+)' : `(${match[0].replace(/-.*/, '')}-[0-9a-z]{20})`
    } else pattern += patterns[kind]
  }
  const found = new RegExp(`^${pattern}${escape(trimmed.slice(from))}\\s*$`).exec(printed)
  if (!found) return false
  names.forEach((name, index) => meaning.set(name, found[index + 1] ?? ''))
  return true
}

const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
