import { afterAll, beforeAll, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { isFault, systemClock, type ContainerId } from '@boilerhouse/base'
import * as fc from 'fast-check'

import { createDeliver } from './deliver.ts'
import { startScript } from './park-script.ts'
import { isWaiting, wakeParked } from './parked.ts'
import { createFixture, deliveryOf, never, type Fixture } from './test-fixture.ts'
import { writeBeside } from './write-beside.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
}, 60_000)
afterAll(() => fixture[Symbol.asyncDispose](), 60_000)

const volumes = { state: { containerPath: '/state', mode: 'rw' } } as const
const statePath = (containerId: ContainerId, name: string) => join(fixture.layout.volumes(containerId), 'state', name)
const park = async (entrypoint: string[]): Promise<ContainerId> => {
  const spec = fixture.specOf({ warmth: 'parked', volumes, entrypoint })
  await fixture.containers.ensure(spec, never)
  return spec.containerId
}
const countStarts = ['/bin/sh', '-c', 'echo started >> /state/starts; exec sleep 1000']
const untilThere = async (path: string): Promise<Buffer> => {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      const found = readFileSync(path)
      if (found.length > 0) return found
    } catch {
      // Not yet.
    }
    await Bun.sleep(20)
  }
  throw new Error(`${path} never came`)
}

/** Names that the shell itself knows, and values that it would read as more than text. */
const name = fc.oneof(
  fc.constantFrom(
    'PATH',
    'IFS',
    'OPTIND',
    'PPID',
    'RANDOM',
    'LINENO',
    'PS1',
    'PS4',
    'ENV',
    'LC_ALL',
    'UID',
    '_',
    'FUNCNAME',
    'MAIL',
  ),
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/),
)
const hostile = fc.constantFrom(
  `'`,
  `''`,
  `"`,
  '`id`',
  '$(id)',
  '${PATH}',
  '\n',
  '\r',
  '\\',
  '\\n',
  `'; exit 3; '`,
  '#',
  '!',
  '*',
  '=',
  '\u0081\u0088',
  '🔥',
  'é',
  '\u007f',
)
const value = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(hostile, { maxLength: 12 }).map((parts) => parts.join('')),
  )
  .filter((text) => !text.includes('\0') && text.isWellFormed())

test('any environment arrives byte for byte, whatever a shell would make of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, value, { minKeys: 1, maxKeys: 60 }), async (environment) => {
      const containerId = await park(['/bin/busybox', 'dd', 'if=/proc/self/environ', 'of=/state/environ', 'bs=4M'])
      const delivered = await fixture.deliver(containerId, deliveryOf(containerId, { start: { environment } }), never)
      expect(delivered).toEqual({ isNew: true, isStarted: true })
      const found = (await untilThere(statePath(containerId, 'environ'))).toString().split('\0')
      for (const [key, text] of Object.entries(environment)) expect(found).toContain(`${key}=${text}`)
      await fixture.containers.destroy(containerId, never)
    }),
    { numRuns: 8 },
  )
}, 120_000)

test('values of 128 KiB with their name, and 1 MiB in all, arrive; more is refused before anything is written', async () => {
  const containerId = await park(['/bin/busybox', 'dd', 'if=/proc/self/environ', 'of=/state/environ', 'bs=4M'])
  const large = 'x'.repeat(131_072 - 4)
  const environment = Object.fromEntries(['V0', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'].map((key) => [key, large]))
  const tooMuch: readonly Record<string, string>[] = [
    { V: `${large}xx` },
    { ...environment, V7: large, V8: large },
    { V: 'a\0b' },
    { 'A-B': 'x' },
    { V: '\ud800' },
  ]
  for (const refused of tooMuch) {
    const late = fixture.deliver(containerId, deliveryOf(containerId, { start: { environment: refused } }), never)
    await expect(late).rejects.toMatchObject({ code: 'request.invalid', status: 422 })
    expect(readdirSync(fixture.layout.slot(containerId).box)).not.toContain('claim.json')
  }
  await fixture.deliver(containerId, deliveryOf(containerId, { start: { environment } }), never)
  expect((await untilThere(statePath(containerId, 'environ'))).length).toBeGreaterThan(7 * 131_000)
}, 30_000)

test('the environment is gone from the slot once the program runs, and never was on a disk', async () => {
  const containerId = await park(countStarts)
  await fixture.deliver(containerId, deliveryOf(containerId, { start: { environment: { A: 'b' } } }), never)
  expect(readdirSync(fixture.layout.slot(containerId).box)).not.toContain('start')
  // The script acknowledges and then becomes the program: `wake` is closed once the program runs, not before.
  await untilThere(statePath(containerId, 'starts'))
  expect(isWaiting(fixture.layout.slot(containerId))).toBe(false)
})

const crashes: readonly (readonly [string, (containerId: ContainerId, claimId: string) => Promise<void> | void])[] = [
  ['before the wake', () => {}],
  [
    'after the wake and before the acknowledgement was read',
    async (containerId) => {
      expect(isWaiting(fixture.layout.slot(containerId), Uint8Array.of(10))).toBe(true)
      await Bun.sleep(200)
    },
  ],
  [
    'after the acknowledgement and before its mark',
    (containerId) =>
      wakeParked({ paths: fixture.layout.slot(containerId), clock: systemClock, isRunning: async () => true, signal: never }),
  ],
]
test.each(crashes)(
  'a server that died %s is followed by one that delivers again, and the program starts once',
  async (_, crash) => {
    const containerId = await park(countStarts)
    const delivery = deliveryOf(containerId, { start: { environment: { A: 'b' } } })
    const paths = fixture.layout.slot(containerId)
    writeBeside(paths.temporary, join(paths.box, 'start'), startScript({ A: 'b' }))
    await crash(containerId, delivery.claimId)
    const again = createDeliver({ ...fixture, isRunning: fixture.containers.isRunning })
    expect(await again(containerId, delivery, never)).toEqual({ isNew: true, isStarted: true })
    expect(await again(containerId, delivery, never)).toEqual({ isNew: false, isStarted: true })
    await untilThere(statePath(containerId, 'starts'))
    await Bun.sleep(100)
    expect(readFileSync(statePath(containerId, 'starts'), 'utf8')).toBe('started\n')
    expect(readdirSync(paths.box)).not.toContain('start')
  },
  20_000,
)

test('a delivery that comes before the container waits is not taken for one that was started', async () => {
  const spec = fixture.specOf({
    warmth: 'parked',
    volumes,
    entrypoint: ['/bin/sh', '-c', 'echo "$A" > /state/starts; exec sleep 1000'],
  })
  const ensured = fixture.containers.ensure(spec, never)
  while (!(await fixture.containers.isRunning(spec.containerId, never))) await Bun.sleep(1)
  const delivery = deliveryOf(spec.containerId, { start: { environment: { A: 'of the claim' } } })
  expect(await fixture.deliver(spec.containerId, delivery, never)).toEqual({ isNew: true, isStarted: true })
  await ensured
  expect((await untilThere(statePath(spec.containerId, 'starts'))).toString()).toBe('of the claim\n')
}, 20_000)

test('twenty deliveries of one claim at once start the program once', async () => {
  const containerId = await park(countStarts)
  const delivery = deliveryOf(containerId, { start: { environment: { A: 'b' } } })
  const all = await Promise.all(Array.from({ length: 20 }, () => fixture.deliver(containerId, delivery, never)))
  expect(all.filter((one) => one.isNew)).toHaveLength(1)
  expect(all.every((one) => one.isStarted)).toBe(true)
  await untilThere(statePath(containerId, 'starts'))
  expect(readFileSync(statePath(containerId, 'starts'), 'utf8')).toBe('started\n')
})

test('a parked container that died is told, not called started', async () => {
  const containerId = await park(countStarts)
  await fixture.containers.stop(containerId, 0, never)
  const late = fixture.deliver(containerId, deliveryOf(containerId, { start: { environment: {} } }), never)
  expect(isFault(await late.catch((error: unknown) => error), 'runtime.container_gone')).toBe(true)
})

test('a container waiting for its claim is removed at once', async () => {
  const containerId = await park(countStarts)
  const startedMs = performance.now()
  await fixture.containers.destroy(containerId, never)
  expect(performance.now() - startedMs).toBeLessThan(5000)
})
