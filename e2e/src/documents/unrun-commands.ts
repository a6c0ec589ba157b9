import { fencesOf } from './document-steps.ts'

/** A block of any other language may hold commands under a name that `stepsOf` does not know. */
const languages = new Set(['sh', 'text', 'yaml', 'ini'])

/** A line as a person would type it, wherever it stands: in a quote, a block that is only indented, or one that is not `sh`. */
const typed = /^[\s>]*(?:[$#] )?(?:\.\/boilerhouse|npm|npx|curl|docker|sudo|bun) \S/

/** What a reader could type and `stepsOf` leaves out, each with its line. */
export function unrunCommands(markdown: string): readonly string[] {
  const lines = markdown.split('\n')
  const fences = fencesOf(lines)
  const isRun = (line: number) => fences.some((fence) => fence.language === 'sh' && fence.line < line && line < fence.endLine)
  return [
    ...fences.filter(({ language }) => !languages.has(language)).map(({ line, language }) => `${line}: a block of "${language}"`),
    ...lines.flatMap((text, i) => (typed.test(text) && !isRun(i + 1) ? [`${i + 1}: ${text.trim()}`] : [])),
  ]
}

/** Commands of ours that a sentence names, such as `boilerhouse workload log ID --follow`: its words. */
export function namedCommands(markdown: string): readonly (readonly string[])[] {
  const lines = markdown.split('\n')
  const fences = fencesOf(lines)
  const prose = lines.filter((_, i) => !fences.some(({ line, endLine }) => line <= i + 1 && i + 1 <= endLine)).join('\n')
  return [...prose.matchAll(/`(?:\.\/)?boilerhouse ([^`]+)`/g)].map(([, words = '']) => words.split(/\s+/))
}
