import type { Page, PageQuery } from '../store.ts'

/** The page after `query.cursor` of rows in any order; a row's key is its place in the list and, encoded, the cursor. */
export function pageOf<Row>(rows: Iterable<Row>, keyOf: (row: Row) => readonly string[], query: PageQuery): Page<Row> {
  const after = query.cursor === undefined ? undefined : decode(query.cursor)
  const found: { readonly key: readonly string[]; readonly row: Row }[] = []
  for (const row of rows) {
    const key = keyOf(row)
    if (after === undefined || compare(key, after) > 0) found.push({ key, row })
  }
  found.sort((a, b) => compare(a.key, b.key))
  const items = found.slice(0, query.limit)
  const last = items.at(-1)
  return {
    items: items.map(({ row }) => row),
    ...(last && found.length > items.length ? { nextCursor: encode(last.key) } : {}),
  }
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [i, part] of a.entries()) {
    const other = b[i] ?? ''
    if (part !== other) return part < other ? -1 : 1
  }
  return 0
}

/** NUL is in no id, so the parts cannot run into each other. */
const encode = (key: readonly string[]): string => Buffer.from(key.join('\0')).toString('base64url')
const decode = (cursor: string): readonly string[] => Buffer.from(cursor, 'base64url').toString().split('\0')
