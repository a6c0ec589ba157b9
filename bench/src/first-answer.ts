import { request } from 'node:http'

/** How long to wait between two tries: `firstMs`, then ever longer. */
export interface Cadence {
  readonly firstMs: number
  readonly factor: number
  readonly mostMs: number
}

/** As the product asks a parked program that a claim has just started. */
export const startedCadence: Cadence = { firstMs: 10, factor: 2, mostMs: 500 }
/** As the product asks a container that starts. */
export const startingCadence: Cadence = { firstMs: 10, factor: 1.5, mostMs: 250 }

const patienceMs = 30_000

/** Asks as the product's HTTP probe does, at once and then again, until the answer is a pass. */
export async function untilAnswers(host: string, { firstMs, factor, mostMs }: Cadence): Promise<void> {
  const beganMs = performance.now()
  for (let waitMs = firstMs; !(await passes(host)); waitMs = Math.min(waitMs * factor, mostMs)) {
    if (performance.now() - beganMs > patienceMs) throw new Error(`${host} did not answer within ${patienceMs / 1000} s`)
    await Bun.sleep(waitMs)
  }
}

function passes(host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = request({
    host,
    port: 8080,
    path: '/index.html',
    agent: false,
    timeout: 2000,
    headers: { connection: 'close' },
  })
  probe.on('response', (response) => {
    const status = response.statusCode ?? 0
    response.destroy()
    resolve(status >= 200 && status < 400)
  })
  probe.on('timeout', () => resolve(false))
  probe.on('error', () => resolve(false))
  probe.end()
  return promise.finally(() => probe.destroy())
}
