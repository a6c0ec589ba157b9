import { Fault } from '@boilerhouse/base'

/** The revision that `If-Match` names; undefined where there is none, or any will do. */
export function readIfMatch(headers: Headers): number | undefined {
  const value = headers.get('if-match')?.trim()
  if (value === undefined || value === '*') return undefined
  const [, digits] = /^"?(\d{1,15})"?$/.exec(value) ?? []
  if (digits === undefined) throw new Fault('request.malformed', 'If-Match must be a revision, as the ETag of the object gave it')
  return Number(digits)
}

export const revisionMismatch = (kind: string, id: string, revision: number): Fault =>
  new Fault('request.revision_mismatch', `${kind} ${id} is at revision ${revision}`)
