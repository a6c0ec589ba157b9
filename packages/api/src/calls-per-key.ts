import { Fault } from '@boilerhouse/base'
import type { Principal } from '@boilerhouse/resources'

import type { Authenticator } from './auth/authenticator.ts'

export interface OpenCall {
  /** Aborts when the key dies. */
  readonly signal: AbortSignal
  /** Once; again does nothing. */
  end(): void
}

/**
 * What is under way for each key: what outlives a moment (a log that is followed, a file, a wait, a proxied socket) ends with its key, and
 * one key holds only so much of it, for each holds a connection of the engine or memory. Admins' keys are not counted: whoever serves
 * everybody has one.
 */
export class CallsPerKey {
  readonly #auth: Pick<Authenticator, 'watch'>
  readonly #max: number
  readonly #open = new Map<string, number>()

  constructor(auth: Pick<Authenticator, 'watch'>, max: number) {
    this.#auth = auth
    this.#max = max
  }

  begin({ id, role }: Pick<Principal, 'id' | 'role'>): OpenCall {
    const open = this.#open.get(id) ?? 0
    if (role !== 'admin' && open >= this.#max) {
      throw new Fault('request.rate_limited', `The key has ${open} long requests under way already`, { retryAfterMs: 1000 })
    }
    this.#open.set(id, open + 1)
    const controller = new AbortController()
    const unwatch = this.#auth.watch(id, () => controller.abort())
    let isOpen = true
    return {
      signal: controller.signal,
      end: () => {
        if (!isOpen) return
        isOpen = false
        unwatch()
        const left = (this.#open.get(id) ?? 1) - 1
        if (left > 0) this.#open.set(id, left)
        else this.#open.delete(id)
      },
    }
  }
}

/** The same bytes; tells once when they ended, were given up by their reader, or failed. */
function whenEnded(body: ReadableStream<Uint8Array>, onEnd: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          onEnd()
          controller.close()
        } catch (error) {
          onEnd()
          throw error
        }
      },
      async cancel(reason) {
        onEnd()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/** Ends the call with the answer: at once, or when its body has gone out. */
export function endWith(answer: Response, call: OpenCall): Response {
  if (answer.body === null) {
    call.end()
    return answer
  }
  return new Response(whenEnded(answer.body, call.end), answer)
}
