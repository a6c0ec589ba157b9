import type { Tickets } from '../auth/tickets.ts'

/**
 * Path and query without a ticket of ours, spent or not, everything else as it came: whoever sees one that is not spent may enter. A
 * program's own parameter of that name stays.
 */
export function withoutOurTicket(path: string, tickets: Pick<Tickets, 'isOurs'>): string {
  const start = path.indexOf('?')
  if (start < 0 || !path.includes('ticket=', start)) return path
  const pairs = path.slice(start + 1).split('&')
  const kept = pairs.filter((pair) => !(pair.startsWith('ticket=') && tickets.isOurs(pair.slice('ticket='.length))))
  return kept.length === 0 ? path.slice(0, start) : `${path.slice(0, start)}?${kept.join('&')}`
}
