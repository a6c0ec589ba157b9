import { Fault, isFault, type Clock, type SecretBox } from '@boilerhouse/base'
import type { IdempotencyStore } from '@boilerhouse/store'

/** A finished answer as text: what the first caller got, and what each repetition gets. */
export interface TextAnswer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Idempotency {
  /**
   * Runs `action` once for (scope, key) within 24 h and answers the same to everybody. The same key at once waits for the first.
   * Refusals are not kept: they had no effect, so a repetition tries again. `request.idempotency_mismatch` for another body,
   * `request.idempotency_pending` where the first one does not end in time.
   */
  once(scope: string, key: string, requestBody: unknown, action: () => Promise<TextAnswer>): Promise<TextAnswer>
}

/** A runner that has not told of itself for so long is dead: whoever repeats the request runs it again, from where it was. */
const silentMs = 6_000

const keyPattern = /^[\x21-\x7e]{1,255}$/

export function createIdempotency(deps: {
  readonly store: IdempotencyStore
  readonly box: SecretBox
  readonly clock: Clock
  readonly waitMs: number
}): Idempotency {
  const { store, box, clock, waitMs } = deps
  const running = new Map<string, Promise<unknown>>()

  const run = async (scope: string, key: string, action: () => Promise<TextAnswer>): Promise<TextAnswer> => {
    const ended = new AbortController()
    void keepAlive(scope, key, ended.signal)
    try {
      const answer = await action()
      // Answers may hold what is shown once (a new key): they rest sealed.
      const text = Buffer.from(box.seal(Buffer.from(JSON.stringify(answer)), recordId(scope, key))).toString('base64')
      await store.finish(scope, key, { status: answer.status, body: text })
      return answer
    } catch (error) {
      await store.abandon(scope, key)
      throw error
    } finally {
      ended.abort()
    }
  }

  const keepAlive = async (scope: string, key: string, signal: AbortSignal): Promise<void> => {
    for (;;) {
      await clock.sleep(silentMs / 3, signal)
      if (signal.aborted) return
      // A store that does not answer now is asked again in a moment.
      await store.renew(scope, key).catch(ignoreFault)
    }
  }

  return {
    async once(scope, key, requestBody, action) {
      if (!keyPattern.test(key)) throw new Fault('request.malformed', 'Idempotency-Key must be 1 to 255 visible ASCII characters')
      const bodyHash = box.fingerprint(JSON.stringify(requestBody) ?? '')
      const id = recordId(scope, key)
      const untilMs = clock.monotonicMs() + waitMs
      for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 1000)) {
        const begun = await store.begin(scope, key, bodyHash)
        const isMine =
          begun.outcome === 'started' ||
          (begun.outcome === 'pending' && !running.has(id) && (await store.takeOver(scope, key, silentMs)))
        if (isMine) {
          const mine = run(scope, key, action)
          running.set(id, mine)
          return await mine.finally(() => running.delete(id))
        }
        if (begun.outcome === 'done') return replay(box, id, begun.record.body)
        if (begun.outcome === 'mismatch') throw mismatch()
        if (clock.monotonicMs() >= untilMs) throw pending()
        // Here it can be waited for; another process's can only be asked after.
        await (running.get(id)?.catch(ignoreFault) ?? clock.sleep(pauseMs))
      }
    },
  }
}

const recordId = (scope: string, key: string): string => `idempotency\0${scope}\0${key}`

const mismatch = (): Fault =>
  new Fault('request.idempotency_mismatch', 'The Idempotency-Key came with another body within the last 24 hours')

const pending = (): Fault =>
  new Fault('request.idempotency_pending', 'The first request with this Idempotency-Key has not ended yet', {
    retryAfterMs: 1000,
  })

/** The first caller is told its failure; those behind it try for themselves. */
const ignoreFault = (error: unknown): void => {
  if (!isFault(error) && !(error instanceof Error)) throw error
}

function replay(box: SecretBox, id: string, body: string): TextAnswer {
  const answer = JSON.parse(Buffer.from(box.open(Buffer.from(body, 'base64'), id)).toString()) as TextAnswer // sealed above
  return { ...answer, headers: { ...answer.headers, 'idempotent-replayed': 'true' } }
}
