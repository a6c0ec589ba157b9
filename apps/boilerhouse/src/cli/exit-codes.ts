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

/** In words, for the help and the documents. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done',
  failed: 'it ran and found something wrong (`doctor`, `workload check`), or broke',
  usage: 'the command line could not be read',
  notFound: 'there is no such thing (404, 410)',
  refused: 'the key is missing, wrong, or may not do this (401, 403)',
  conflict: 'the state of the thing does not allow it (409, 412)',
  invalid: 'the input is not valid (any other 4xx)',
  unavailable: 'try again later (429, 5xx, no server)',
}

export function exitCodeOfStatus(status: number): number {
  if (status === 401 || status === 403) return exitCodes.refused
  if (status === 404 || status === 410) return exitCodes.notFound
  if (status === 409 || status === 412) return exitCodes.conflict
  if (status === 429 || status >= 500) return exitCodes.unavailable
  return status >= 400 ? exitCodes.invalid : exitCodes.ok
}
