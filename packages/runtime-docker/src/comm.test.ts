import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { join } from 'node:path'

import type { ContainerId } from '@boilerhouse/base'
import type { StateKey } from '@boilerhouse/runtime'

import { createFactsCache } from './container-facts.ts'
import { createDiskMeter } from './disk-meter.ts'
import { rootRights } from './helper/host-rights.ts'
import { runCommand } from './host/run-command.ts'
import { createFixture, deliveryOf, never, type Fixture } from './test-fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
}, 60_000)
afterAll(() => fixture[Symbol.asyncDispose](), 60_000)

const key = { tenantId: 'alice', workloadId: 'test' } as StateKey
const volumes = {
  state: { containerPath: '/state', mode: 'rw' },
  comm: { containerPath: '/comm', mode: 'rw' },
} as const

async function start(): Promise<ContainerId> {
  const spec = fixture.specOf({ volumes })
  await fixture.containers.ensure(spec, never)
  return spec.containerId
}

test('a tenant that fills comm fills its own disk limit, and what others are claimed with is still delivered', async () => {
  const [greedy, other] = [await start(), await start()]
  // As full as all of them together could make it.
  await runCommand(['mount', '-o', 'remount,size=4m', fixture.layout.slotsDir], { signal: never })
  await fixture.shell(greedy, 'dd if=/dev/zero of=/comm/big bs=1048576 count=8')
  const secrets = new Map([['TOKEN', Buffer.alloc(100_000, 1)]])
  await fixture.deliver(other, deliveryOf(other, { secrets }), never)
  expect(await fixture.shell(other, 'wc -c < /boilerhouse/secrets/TOKEN')).toBe('100000\n')
  const facts = createFactsCache(fixture)
  const meter = createDiskMeter({ rights: rootRights, layout: fixture.layout, facts, clock: fixture.clock })
  let bytes: number | undefined
  for (let look = 0; look < 20 && bytes === undefined; look++) bytes = (await meter.bytesOf([greedy], never)).get(greedy)
  await meter.close()
  expect(bytes).toBeGreaterThan(8 * 1_048_576)
}, 60_000)

test('a socket that the host opens in comm is there in the container, at the address that its endpoints name', async () => {
  const containerId = await start()
  const { socketDir = '' } = (await fixture.containers.get(containerId, never))?.address ?? {}
  const server = createServer().listen(join(socketDir, 'host.sock'))
  expect(await fixture.shell(containerId, '[ -S /comm/host.sock ] && touch /comm/mine && ls /comm')).toBe('host.sock\nmine\n')
  server.close()
}, 60_000)

test('what lies in comm goes with its container: it is neither kept as state nor found by the next of its id', async () => {
  const spec = fixture.specOf({ volumes })
  await fixture.containers.ensure(spec, never)
  await fixture.shell(spec.containerId, 'echo mine > /comm/left; echo mine > /state/kept')
  await fixture.volumes.agent(spec.containerId).keep(key, never)
  await fixture.containers.destroy(spec.containerId, never)
  await fixture.containers.ensure(spec, never)
  await fixture.volumes.agent(spec.containerId).restore(key, never)
  expect(await fixture.shell(spec.containerId, 'ls -A /comm; ls -A /state')).toBe('kept\n')
}, 60_000)
