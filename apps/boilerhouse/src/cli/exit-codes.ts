/** Documented in `docs/cli.md`; a program may branch on them. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  conflict: 5,
  invalid: 6,
  unavailable: 7,
} as const

/** In words, for the help. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done',
  failed: 'it failed on this machine',
  usage: 'the command line cannot be read',
  notFound: 'there is no such thing',
  refused: 'the key is missing, not valid or not allowed to',
  conflict: 'the state of things does not allow it',
  invalid: 'the server refused what was sent',
  unavailable: 'the server does not answer, or cannot now: try again',
}

export function exitCodeOfStatus(status: number): number {
  if (status === 401 || status === 403) return exitCodes.refused
  if (status === 404 || status === 410) return exitCodes.notFound
  if (status === 409 || status === 412) return exitCodes.conflict
  if (status === 429 || status >= 500) return exitCodes.unavailable
  return status >= 400 ? exitCodes.invalid : exitCodes.ok
}
