/** What a pattern is made of, without what needs backtracking. */
export type RegexpNode =
  | { readonly kind: 'char'; readonly source: string }
  | { readonly kind: 'assert'; readonly assertion: '^' | '$' | 'b' | 'B' }
  | { readonly kind: 'all'; readonly nodes: readonly RegexpNode[] }
  | { readonly kind: 'any'; readonly nodes: readonly RegexpNode[] }
  | { readonly kind: 'repeat'; readonly node: RegexpNode; readonly min: number; readonly max: number }

/** Reads a pattern that `new RegExp(pattern, 'u')` takes. Throws an Error that names what is not supported. */
export function parseRegexp(pattern: string): RegexpNode {
  void new RegExp(pattern, 'u') // says precisely what is wrong with a broken one
  const reader = { rest: pattern }
  const node = alternatives(reader)
  if (reader.rest !== '') throw new Error(`cannot read the pattern at ${reader.rest}`)
  return node
}

interface Reader {
  rest: string
}

function take(reader: Reader, expression: RegExp): RegExpExecArray | undefined {
  const found = expression.exec(reader.rest)
  if (!found) return undefined
  reader.rest = reader.rest.slice(found[0].length)
  return found
}

function alternatives(reader: Reader): RegexpNode {
  const nodes = [sequence(reader)]
  while (take(reader, /^\|/)) nodes.push(sequence(reader))
  return { kind: 'any', nodes }
}

function sequence(reader: Reader): RegexpNode {
  const nodes: RegexpNode[] = []
  while (reader.rest !== '' && !/^[|)]/.test(reader.rest)) nodes.push(quantified(atom(reader), reader))
  return { kind: 'all', nodes }
}

function atom(reader: Reader): RegexpNode {
  if (/^\(\?<?[=!]/.test(reader.rest)) throw new Error('lookaround is not supported')
  if (/^\\[1-9k]/.test(reader.rest)) throw new Error('back references are not supported')
  if (take(reader, /^\((?:\?:|\?<[^>]+>)?/)) {
    if (reader.rest.startsWith('?')) throw new Error('this kind of group is not supported')
    const node = alternatives(reader)
    take(reader, /^\)/)
    return node
  }
  const assertion = take(reader, /^(?:[\^$]|\\[bB])/)
  if (assertion) return { kind: 'assert', assertion: assertion[0].slice(-1) as '^' | '$' | 'b' | 'B' }
  const source = take(
    reader,
    /^(?:\[(?:\\.|[^\]\\])*\]|\\u\{[^}]*\}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\c[A-Za-z]|\\[pP]\{[^}]*\}|\\.|.|\n|\r|\u2028|\u2029)/u,
  )
  if (!source) throw new Error(`cannot read the pattern at ${reader.rest}`)
  return { kind: 'char', source: source[0] }
}

function quantified(node: RegexpNode, reader: Reader): RegexpNode {
  const found = take(reader, /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/)
  if (!found) return node
  const [, sign, min, comma, max] = found
  if (sign !== undefined) return { kind: 'repeat', node, min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity }
  return { kind: 'repeat', node, min: Number(min), max: comma === '' ? Number(min) : max === '' ? Infinity : Number(max) }
}
