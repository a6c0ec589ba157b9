import { afterAll, beforeAll, expect, test } from 'bun:test'

import { createFixture, deliveryOf, never, type Fixture } from './test-fixture.ts'

let fixture: Fixture
beforeAll(async () => {
  fixture = await createFixture()
})
afterAll(() => fixture[Symbol.asyncDispose]())

test('a container is ensured, delivered to and destroyed', async () => {
  const spec = fixture.specOf()
  const view = await fixture.containers.ensure(spec, never)
  expect(view.phase).toBe('running')
  const delivery = deliveryOf(spec.containerId, { secrets: new Map([['TOKEN', Buffer.from('s3cr3t')]]) })
  const startedMs = performance.now()
  expect(await fixture.deliver(spec.containerId, delivery, never)).toEqual({ isNew: true, isStarted: true })
  console.log('deliver ms', performance.now() - startedMs)
  expect(await fixture.shell(spec.containerId, 'cat /boilerhouse/config.json /boilerhouse/secrets/*; id -u')).toBe(
    '{"greeting":"hi"}s3cr3t1000\n',
  )
  await fixture.containers.destroy(spec.containerId, never)
  expect(await fixture.containers.get(spec.containerId, never)).toBeUndefined()
})
test('a parked container starts its program with the tenant environment', async () => {
  const spec = fixture.specOf({ warmth: 'parked', entrypoint: ['/bin/sh', '-c', 'env; exec sleep 1000'] })
  await fixture.containers.ensure(spec, never)
  const delivery = deliveryOf(spec.containerId, { start: { environment: { A: "it's\n$(x)" } } })
  const startedMs = performance.now()
  expect(await fixture.deliver(spec.containerId, delivery, never)).toEqual({ isNew: true, isStarted: true })
  console.log('deliver parked ms', performance.now() - startedMs)
  await Bun.sleep(300)
  console.log(
    await fixture.shell(
      spec.containerId,
      'cat /proc/1/cmdline; ls -l /boilerhouse; tr "\\0" "\\n" < /proc/$(pidof sleep)/environ',
    ),
  )
})
