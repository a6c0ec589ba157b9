import { expect, test } from 'bun:test'

import { Fault, noMetrics, systemClock, type Metrics } from '@boilerhouse/base'

import { engineFault, type EngineSubject } from './engine-fault.ts'
import { createEngine, localSocketPath } from './engine.ts'

const never = new AbortController().signal
const codeOf = (error: unknown) => (error instanceof Fault ? error.code : 'no fault')
const vendor = (statusCode: number | undefined, message: string, code?: string) =>
  Object.assign(new Error(message), { statusCode, code })

test.each([
  [404, '(HTTP code 404) no such container - No such container: x ', 'container', 'runtime.container_gone'],
  [404, '(HTTP code 404) no such image - No such image: x ', 'image', 'runtime.image_not_found'],
  [404, '(HTTP code 404) no such image - no such image: a-b:1: No such image: a-b:1 ', 'image', 'runtime.image_not_found'],
  [404, '(HTTP code 404) no such container - No such image: x ', 'start', 'runtime.image_not_found'],
  [404, '(HTTP code 404) unexpected - network bh-x not found ', 'start', 'runtime.network_failed'],
  [409, '(HTTP code 409) unexpected - Container x is not running ', 'container', 'container.conflict'],
  [409, '(HTTP code 409) conflict - removal of container x is already in progress ', 'container', 'runtime.container_gone'],
  [400, '(HTTP code 400) bad parameter - OCI runtime create failed: executable not found ', 'start', 'runtime.start_failed'],
  [500, '(HTTP code 500) server error - no space left on device ', 'start', 'host.disk_full'],
  [500, '(HTTP code 500) server error - transport is closing: unavailable ', 'start', 'runtime.unavailable'],
  [
    500,
    '(HTTP code 500) server error - connection error: desc = "transport: error while dialing" ',
    'engine',
    'runtime.unavailable',
  ],
  [500, '(HTTP code 500) server error - broken ', 'engine', 'runtime.engine_failed'],
  [500, '(HTTP code 500) server error - broken ', 'network', 'runtime.network_failed'],
  [400, '(HTTP code 400) bad - dockerfile parse error ', 'build', 'runtime.build_failed'],
] as const)('%p %p about %p is %p', (status, message, subject, code) => {
  expect(codeOf(engineFault(vendor(status, message), subject as EngineSubject))).toBe(code)
})

test("the engine's own words reach the caller, without the client's wrapping", () => {
  const fault = engineFault(vendor(409, '(HTTP code 409) unexpected - Container x is not running '), 'container') as Fault
  expect(fault.message).toBe('Container x is not running')
})

test.each(['ECONNREFUSED', 'ENOENT', 'EACCES', 'ECONNRESET'])('%p is runtime.unavailable with a remedy', (code) => {
  const fault = engineFault(vendor(undefined, `connect ${code}`, code), 'engine') as Fault
  expect(fault.code).toBe('runtime.unavailable')
  expect(fault.remedy).not.toBe('')
})

test.each([
  'tcp://10.0.0.1:2376',
  'ssh://host',
  'https://host',
  'npipe:////./pipe/docker',
  'unix:///home/u/.docker/desktop/docker.sock',
])('%p is refused with the remedy: the engine has to be on this host', (dockerHost) => {
  expect(() => localSocketPath(dockerHost)).toThrow(
    expect.objectContaining({ code: 'setting.invalid', remedy: expect.stringContaining('DOCKER_HOST=unix://') }),
  )
})

test('a call to an engine that is not there is runtime.unavailable and timed', async () => {
  const calls: unknown[] = []
  const metrics: Metrics = { ...noMetrics, observe: (name, labels) => void calls.push([name, labels]) }
  const engine = createEngine({ dockerHost: '/nowhere/docker.sock', clock: systemClock, metrics })
  const late = engine.call({ name: 'ping', subject: 'engine', signal: never }, (docker) => docker.ping())
  await expect(late).rejects.toMatchObject({ code: 'runtime.unavailable' })
  expect(calls).toEqual([['engine_call_seconds', { call: 'ping', outcome: 'runtime.unavailable' }]])
  engine.close()
})

test('a call that hangs is runtime.timeout, and an aborted one rejects with its reason at once', async () => {
  const engine = createEngine({ clock: systemClock, metrics: noMetrics })
  const hang = () => new Promise<never>(() => {})
  const late = engine.call({ name: 'x', subject: 'engine', signal: never, timeoutMs: 20 }, hang)
  await expect(late).rejects.toMatchObject({ code: 'runtime.timeout' })
  const caller = new AbortController()
  const aborted = engine.call({ name: 'x', subject: 'engine', signal: caller.signal }, hang)
  caller.abort(new Error('the caller left'))
  await expect(aborted).rejects.toThrow('the caller left')
  engine.close()
})
