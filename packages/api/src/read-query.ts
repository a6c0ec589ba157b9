import { Fault } from '@boilerhouse/base'

/** The query as texts; a name that comes twice is a list. Throws `request.malformed` where an escape cannot be read. */
export function readQuery(url: string): Record<string, string | string[]> {
  const start = url.indexOf('?')
  const found: Record<string, string | string[]> = {}
  if (start < 0) return found
  for (const pair of url.slice(start + 1).split('&')) {
    if (pair === '') continue
    const split = pair.indexOf('=')
    const name = decode(split < 0 ? pair : pair.slice(0, split))
    const value = split < 0 ? '' : decode(pair.slice(split + 1))
    const earlier = Object.hasOwn(found, name) ? found[name] : undefined
    const next = earlier === undefined ? value : [...(Array.isArray(earlier) ? earlier : [earlier]), value]
    Object.defineProperty(found, name, { value: next, enumerable: true, configurable: true, writable: true })
  }
  return found
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch (cause) {
    throw new Fault('request.malformed', 'The query holds an escape that is not UTF-8', { cause })
  }
}

/** `type=a,b` is `type=a&type=b`, for the names that are lists. */
export function splitLists(
  query: Record<string, string | string[]>,
  names: readonly string[],
): Record<string, string | string[]> {
  for (const name of names) {
    const value = Object.hasOwn(query, name) ? query[name] : undefined
    if (value !== undefined) query[name] = (Array.isArray(value) ? value : [value]).flatMap((text) => text.split(','))
  }
  return query
}
