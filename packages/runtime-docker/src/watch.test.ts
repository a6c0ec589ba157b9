import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { noMetrics, silentLogger, systemClock, type Clock } from '@boilerhouse/base'
import type { RuntimeChange } from '@boilerhouse/runtime'

import { createEngine } from './engine.ts'
import { labelsOf } from './labels.ts'
import { EventLines, watchEngine } from './watch.ts'

const root = mkdtempSync(join(tmpdir(), 'runtime-docker-watch-'))
afterAll(() => rmSync(root, { recursive: true }))
const installation = '0123456789ab'
/** Waits pass at once: the guard pings all the time. */
const quick: Clock = { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(10, signal) }

/** Speaks just enough of the engine's API to go away, hang and come back. */
class StandInEngine {
  readonly socketPath: string
  #server: Server | undefined
  readonly #streams = new Set<ServerResponse>()
  isHanging = false

  constructor(name: string) {
    this.socketPath = join(root, name)
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => {
      if (request.url?.includes('/events')) {
        this.#streams.add(response)
        response.writeHead(200)
        response.flushHeaders()
      } else if (!this.isHanging) response.end('OK')
    })
    await new Promise<void>((resolve) => this.#server?.listen(this.socketPath, resolve))
  }

  async stop(): Promise<void> {
    for (const stream of this.#streams) stream.destroy()
    this.#streams.clear()
    this.#server?.closeAllConnections()
    await new Promise((resolve) => this.#server?.close(resolve))
    rmSync(this.socketPath, { force: true })
  }

  say(text: string): void {
    for (const stream of this.#streams) stream.write(text)
  }
}

function startWatch(socketPath: string) {
  const engine = createEngine({ dockerHost: `unix://${socketPath}`, clock: quick, metrics: noMetrics })
  const stop = new AbortController()
  const seen: RuntimeChange[] = []
  let connects = 0
  const deps = { installation, engine, clock: quick, log: silentLogger, onConnected: async () => void connects++ }
  const done = (async () => {
    for await (const change of watchEngine(deps, stop.signal)) seen.push(change)
  })()
  return {
    seen,
    connects: () => connects,
    async until(count: number): Promise<void> {
      for (let attempt = 0; attempt < 1000 && seen.length < count; attempt++) await Bun.sleep(10)
    },
    async end(): Promise<void> {
      stop.abort()
      await done
      engine.close()
    },
  }
}

const event = (containerId: string, of = installation) => {
  const ids = { containerId, poolId: 'p', workloadId: 'w', workloadGeneration: 1 } as unknown as Parameters<typeof labelsOf>[1]
  return `${JSON.stringify({ Type: 'container', Action: 'die', Actor: { ID: 'x', Attributes: labelsOf(of, ids) } })}\n`
}

test('an engine that is away at first is told once, then connected; one that restarts is told as gone and back', async () => {
  const engine = new StandInEngine('restart.sock')
  const watch = startWatch(engine.socketPath)
  await watch.until(1)
  await Bun.sleep(100)
  expect(watch.seen).toEqual([{ kind: 'disconnected' }])
  await engine.start()
  await watch.until(2)
  await engine.stop()
  await watch.until(3)
  await engine.start()
  await watch.until(4)
  expect(watch.seen.map((change) => change.kind)).toEqual(['disconnected', 'connected', 'disconnected', 'connected'])
  expect(watch.connects()).toBe(2)
  await watch.end()
  await engine.stop()
}, 20_000)

test('events cut anywhere are read whole, those of another installation are not told', async () => {
  const engine = new StandInEngine('events.sock')
  await engine.start()
  const watch = startWatch(engine.socketPath)
  await watch.until(1)
  const text = event('c-1') + event('c-2', 'another') + event('c-3')
  for (let at = 0; at < text.length; at += 50) {
    engine.say(text.slice(at, at + 50))
    await Bun.sleep(1)
  }
  await watch.until(3)
  expect(watch.seen).toEqual([
    { kind: 'connected' },
    { kind: 'container', containerId: 'c-1' },
    { kind: 'container', containerId: 'c-3' },
  ] as unknown as RuntimeChange[])
  await watch.end()
  await engine.stop()
}, 20_000)

test('an engine that hangs with its connections open is told as gone', async () => {
  const engine = new StandInEngine('hang.sock')
  await engine.start()
  const watch = startWatch(engine.socketPath)
  await watch.until(1)
  engine.isHanging = true
  await watch.until(2)
  expect(watch.seen.map((change) => change.kind)).toEqual(['connected', 'disconnected'])
  await watch.end()
  await engine.stop()
}, 20_000)

test('a character that the transport cut in two is one character', () => {
  const lines = new EventLines()
  const bytes = Buffer.from('{"Type":"é"}\n')
  expect([...lines.push(bytes.subarray(0, 10)), ...lines.push(bytes.subarray(10))]).toEqual([{ Type: 'é' }])
})
