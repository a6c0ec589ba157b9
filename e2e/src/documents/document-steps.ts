/** One ```sh block of a document. */
export interface DocumentStep {
  readonly line: number
  readonly script: string
  /** The ```text block right after it: what the script prints. */
  readonly shown?: string
}

export interface Fence {
  readonly line: number
  readonly endLine: number
  readonly language: string
  readonly text: string
}

/** The commands of a document, in order. */
export function stepsOf(markdown: string): readonly DocumentStep[] {
  const lines = markdown.split('\n')
  const fences = fencesOf(lines)
  return fences.flatMap((fence, index) => {
    if (fence.language !== 'sh') return []
    const next = fences[index + 1]
    const isItsOutput =
      next?.language === 'text' && lines.slice(fence.endLine, next.line - 1).every((between) => between.trim() === '')
    return [{ line: fence.line, script: fence.text, ...(isItsOutput ? { shown: next.text } : {}) }]
  })
}

/** Those of a list's item, too, without their indent. Lines count from 1; `line` is the opening fence, `endLine` the closing one. */
export function fencesOf(lines: readonly string[]): readonly Fence[] {
  const fences: Fence[] = []
  for (let index = 0; index < lines.length; index++) {
    const [, indent = '', mark, language = ''] = /^(\s*)(`{3,}|~{3,})\s*(\S*)/.exec(lines[index] ?? '') ?? []
    if (mark === undefined) continue
    const end = lines.findIndex((line, at) => at > index && line.trim() === mark)
    if (end < 0) throw new Error(`The block at line ${index + 1} does not end`)
    const text = lines.slice(index + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    fences.push({ line: index + 1, endLine: end + 1, language, text: text.join('\n') })
    index = end
  }
  return fences
}
