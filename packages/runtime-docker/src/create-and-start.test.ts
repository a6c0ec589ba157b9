import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { noMetrics, systemClock, type Clock } from '@boilerhouse/base'

import { createAndStart } from './create-and-start.ts'
import { createEngine, type Engine } from './engine.ts'
import { never } from './test-fixture.ts'

/** Waits pass at once. */
const quick: Clock = { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(1, signal) }
const options = { name: 'bh-one', Image: 'any' }

let root: string
let server: Server
let engine: Engine
let calls: string[]
/** What the stand-in engine says to each call, the last again and again. */
let answers: { create: number[]; start: number[] }

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'bh-create-'))
  calls = []
  server = createServer((request, response) => {
    const kind = request.url?.includes('/start') ? 'start' : 'create'
    calls.push(kind)
    const status = answers[kind].length > 1 ? answers[kind].shift() : answers[kind][0]
    request.resume()
    response.writeHead(status ?? 500, { 'content-type': 'application/json' })
    response.end(
      status === 204 ? '' : JSON.stringify({ Id: 'x', message: status === 404 ? 'No such container: bh-one' : 'said so' }),
    )
  })
  await new Promise<void>((resolve) => server.listen(join(root, 'engine'), resolve))
  engine = createEngine({ dockerHost: `unix://${join(root, 'engine')}`, clock: quick, metrics: noMetrics })
})
afterEach(async () => {
  engine.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(root, { recursive: true })
})

const start = () => createAndStart({ engine, clock: quick }, options, never)

test('a name that another process holds before its container is there is waited for', async () => {
  answers = { create: [409], start: [404, 404, 204] }
  await start()
  expect(calls).toEqual(['create', 'start', 'create', 'start', 'create', 'start'])
})

test('one that the engine undid after an aborted call is made again', async () => {
  answers = { create: [409, 201], start: [404, 204] }
  await start()
  expect(calls).toEqual(['create', 'start', 'create', 'start'])
})

test('one that runs already is taken as it is', async () => {
  answers = { create: [409], start: [304] }
  await start()
  expect(calls).toEqual(['create', 'start'])
})

test('a name that never becomes a container ends as a fault, and one that cannot start is not tried again', async () => {
  answers = { create: [409], start: [404] }
  await expect(start()).rejects.toMatchObject({ code: 'runtime.container_gone' })
  calls = []
  answers = { create: [201], start: [400] }
  await expect(start()).rejects.toMatchObject({ code: 'runtime.start_failed' })
  expect(calls).toEqual(['create', 'start'])
})
