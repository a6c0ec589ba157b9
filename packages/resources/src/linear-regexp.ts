import { parseRegexp, type RegexpNode } from './linear-regexp-parse.ts'

/** Past these a pattern is refused, or a text does not match. */
const maxStates = 2000
const maxTextLength = 65_536

type State =
  | { readonly kind: 'char'; readonly fits: (codePoint: number) => boolean; readonly next: number }
  | { readonly kind: 'assert'; readonly assertion: '^' | '$' | 'b' | 'B'; readonly next: number }
  | { readonly kind: 'split'; readonly next: number[] }
  | { readonly kind: 'match' }

/**
 * A `test` whose time grows with text times pattern, whatever both are (a Thompson machine instead of backtracking): patterns in a
 * workload's configSchema run over what tenants send. Same meaning as `new RegExp(pattern, 'u')`; lookaround, back references and
 * very large counts throw an Error that says so. Texts above 64 Ki characters never match.
 */
export function createLinearRegexp(pattern: string): { readonly test: (text: string) => boolean; toString(): string } {
  const states: State[] = []
  const add = (state: State): number => {
    if (states.length >= maxStates) throw new Error('the pattern is too large')
    return states.push(state) - 1
  }
  const start = build(parseRegexp(pattern), add({ kind: 'match' }), add)
  // Ajv tells compiled patterns apart by their text.
  return { test: (text) => text.length <= maxTextLength && run(states, start, text), toString: () => pattern }
}

/** Adds the states of `node` before `next`, and says where to enter. */
function build(node: RegexpNode, next: number, add: (state: State) => number): number {
  switch (node.kind) {
    case 'char':
      return add({ kind: 'char', fits: charTest(node.source), next })
    case 'assert':
      return add({ kind: 'assert', assertion: node.assertion, next })
    case 'all':
      return node.nodes.toReversed().reduce((after, each) => build(each, after, add), next)
    case 'any':
      return add({ kind: 'split', next: node.nodes.map((each) => build(each, next, add)) })
    case 'repeat':
      return buildRepeat(node, next, add)
  }
}

function buildRepeat({ node, min, max }: RegexpNode & { kind: 'repeat' }, next: number, add: (state: State) => number): number {
  let entry = next
  if (max === Infinity) {
    const exits = [next]
    entry = add({ kind: 'split', next: exits })
    exits.unshift(build(node, entry, add))
  } else {
    for (let more = min; more < max; more++) entry = add({ kind: 'split', next: [build(node, entry, add), next] })
  }
  for (let needed = 0; needed < min; needed++) entry = build(node, entry, add)
  return entry
}

function charTest(source: string): (codePoint: number) => boolean {
  const one = new RegExp(`^(?:${source})$`, 'u')
  const ascii = Array.from({ length: 128 }, (_, codePoint) => one.test(String.fromCodePoint(codePoint)))
  return (codePoint) => ascii[codePoint] ?? one.test(String.fromCodePoint(codePoint))
}

function run(states: readonly State[], start: number, text: string): boolean {
  let active: number[] = []
  const seen = new Int32Array(states.length).fill(-1)
  for (let at = 0; ;) {
    // A match may begin anywhere: the start joins at each position.
    if (enter(states, [...active, start], seen, at, text, (active = []))) return true
    const codePoint = text.codePointAt(at)
    if (codePoint === undefined) return false
    active = active.flatMap((index) => {
      const state = states[index]
      return state?.kind === 'char' && state.fits(codePoint) ? [state.next] : []
    })
    at += codePoint > 0xffff ? 2 : 1
  }
}

/** Follows everything that takes no character; true once a match is reached. */
function enter(
  states: readonly State[],
  from: readonly number[],
  seen: Int32Array,
  at: number,
  text: string,
  into: number[],
): boolean {
  const todo = [...from]
  for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
    const state = states[index]
    if (!state || seen[index] === at) continue
    seen[index] = at
    if (state.kind === 'match') return true
    if (state.kind === 'char') into.push(index)
    else if (state.kind === 'split') todo.push(...state.next)
    else if (holds(state.assertion, at, text)) todo.push(state.next)
  }
  return false
}

function holds(assertion: '^' | '$' | 'b' | 'B', at: number, text: string): boolean {
  if (assertion === '^') return at === 0
  if (assertion === '$') return at === text.length
  const isWord = (index: number): boolean => /^[A-Za-z0-9_]$/.test(text.charAt(index))
  const isBoundary = (at > 0 && isWord(at - 1)) !== isWord(at)
  return assertion === 'b' ? isBoundary : !isBoundary
}
