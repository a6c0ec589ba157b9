import { Fault } from '@boilerhouse/base'

/**
 * A place in the one order of events, as `<xid>.<seq>`; both are decimal text, for `xid8` passes 2^53. After a restore, which numbers
 * events anew, `.<epoch>` follows: a cursor of before it is expired, not misread.
 */
export interface EventPlace {
  readonly xid: string
  readonly seq: string
}

export const beginning: EventPlace = { xid: '0', seq: '0' }

export const formatCursor = ({ xid, seq }: EventPlace, epoch: number): string =>
  epoch === 0 ? `${xid}.${seq}` : `${xid}.${seq}.${epoch}`

/** Empty or absent is the beginning. Throws `request.invalid`, `event.cursor_expired`. */
export function parseCursor(cursor: string | undefined, epoch: number): EventPlace {
  if (!cursor) return beginning
  const [, xid, seq, ofEpoch = '0'] = /^(\d{1,19})\.(\d{1,18})(?:\.(\d{1,9}))?$/.exec(cursor) ?? []
  if (xid === undefined || seq === undefined) {
    throw new Fault('request.invalid', 'The cursor was never given out', {
      errors: [{ pointer: '/cursor', detail: 'Not a cursor of the event log' }],
    })
  }
  if (Number(ofEpoch) !== epoch) throw expired()
  return { xid, seq }
}

export const expired = (): Fault => new Fault('event.cursor_expired', 'The events right after this cursor are gone')

export const isBefore = (a: EventPlace, b: EventPlace): boolean =>
  a.xid === b.xid ? BigInt(a.seq) < BigInt(b.seq) : BigInt(a.xid) < BigInt(b.xid)
