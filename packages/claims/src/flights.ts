import { isDeepStrictEqual } from 'node:util'

/** Equal calls for one key that come while the first is under way share it: one container, one answer. */
export interface Flights<Request, Answer> {
  /** `start` gets a signal that aborts once everybody who joined is gone. */
  join(key: string, request: Request, signal: AbortSignal, start: (signal: AbortSignal) => Promise<Answer>): Promise<Answer>
}

interface Flight<Request, Answer> {
  readonly request: Request
  readonly answer: Promise<Answer>
  readonly abort: AbortController
  passengers: number
}

export function createFlights<Request, Answer>(): Flights<Request, Answer> {
  const flights = new Map<string, Set<Flight<Request, Answer>>>()
  const depart = (key: string, request: Request, start: (signal: AbortSignal) => Promise<Answer>): Flight<Request, Answer> => {
    const abort = new AbortController()
    const flight: Flight<Request, Answer> = { request, abort, passengers: 0, answer: start(abort.signal) }
    const ofKey = flights.get(key) ?? new Set()
    flights.set(key, ofKey.add(flight))
    const land = () => {
      ofKey.delete(flight)
      if (ofKey.size === 0) flights.delete(key)
    }
    flight.answer.then(land, land)
    return flight
  }
  return {
    async join(key, request, signal, start) {
      signal.throwIfAborted()
      const open = [...(flights.get(key) ?? [])].find(
        (each) => !each.abort.signal.aborted && isDeepStrictEqual(each.request, request),
      )
      const flight = open ?? depart(key, request, start)
      flight.passengers++
      const onAbort = () => {
        if (--flight.passengers === 0) flight.abort.abort(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        return await flight.answer
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
  }
}
