import { Fault } from '@boilerhouse/base'

interface Revised {
  readonly id: string
  readonly revision: number
}

/** The revision that `If-Match` names; undefined where there is none, or any will do. */
export function readIfMatch(headers: Headers): number | undefined {
  const value = headers.get('if-match')?.trim()
  if (value === undefined || value === '*') return undefined
  const [, digits] = /^"?(\d{1,15})"?$/.exec(value) ?? []
  if (digits === undefined) throw new Fault('request.malformed', 'If-Match must be a revision, as the ETag of the object gave it')
  return Number(digits)
}

/** Refuses a change that was made on another revision than the record's. */
export function requireRevision(kind: string, record: Revised, ifMatch: number | undefined): void {
  if (ifMatch !== undefined && ifMatch !== record.revision) throw revisionMismatch(kind, record)
}

/** For the store, which looks again in the commit itself. */
export const atRevision = (ifMatch: number | undefined): { readonly expectedRevision?: number } =>
  ifMatch === undefined ? {} : { expectedRevision: ifMatch }

export const revisionMismatch = (kind: string, { id, revision }: Revised): Fault =>
  new Fault('request.revision_mismatch', `${kind} ${id} is at revision ${revision}`)
