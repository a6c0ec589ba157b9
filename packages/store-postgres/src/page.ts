import { Fault } from '@boilerhouse/base'
import type { Page } from '@boilerhouse/store'

/** Lists ask for one row more than the limit: it tells whether there is a next page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => readonly string[],
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown.map(toItem),
    ...(rows.length > limit && last !== undefined ? { nextCursor: pageCursor(keyOf(last)) } : {}),
  }
}

const pageCursor = (key: readonly string[]): string => Buffer.from(JSON.stringify(key)).toString('base64url')

/** The key after which the page begins; `parts` empty strings, which precede every id, where there is no cursor. */
export function readPageCursor(cursor: string | undefined, parts: number): readonly string[] {
  if (!cursor) return Array.from({ length: parts }, () => '')
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    const isKey = (value: unknown) => typeof value === 'string' && !value.includes('\0')
    if (Array.isArray(key) && key.length === parts && key.every(isKey)) return key
  } catch {
    // the fault below says it
  }
  throw new Fault('request.invalid', 'The cursor was never given out', {
    errors: [{ pointer: '/cursor', detail: 'Not a cursor of this list' }],
  })
}
