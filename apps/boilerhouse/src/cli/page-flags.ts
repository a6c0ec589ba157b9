/** Taken by every list. */
export const pageFlags = {
  limit: { kind: 'whole', about: 'Most rows to show. Default: 50.' },
  cursor: { kind: 'text', about: 'Go on after the `nextCursor` of an earlier page.' },
} as const

/** Says on stderr that there is more. */
export function noteNextPage(output: { note(text: string): void }, nextCursor: string | undefined): void {
  if (nextCursor !== undefined) output.note(`There is more: --cursor ${nextCursor}`)
}
