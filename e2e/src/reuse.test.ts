import { afterAll, beforeAll, expect, test } from 'bun:test'

import { createInstallation, type Installation } from './installation.ts'
import { within } from './within.ts'
import { claim, register, release, run, shellWorkload } from './workloads.ts'

let house: Installation

beforeAll(async () => {
  house = await createInstallation()
  await house.start()
  const volumes = {
    state: { containerPath: '/data' },
    secrets: { containerPath: '/run/secrets' },
    comm: { containerPath: '/comm' },
    custom: [{ name: 'cache', containerPath: '/cache' }],
  }
  await register(house, shellWorkload({ id: 'reused', volumes }), {
    id: 'reused',
    workloadId: 'reused',
    minSize: 1,
    maxSize: 1,
    reuse: 'restart',
  })
}, 120_000)

afterAll(() => house.dispose(), 120_000)

test('reuse: restart gives the next tenant a container in which nothing of the former one is left', async () => {
  const alice = await claim(house, 'alice', 'reused', { config: { who: 'alice' }, secrets: { TOKEN: 's3cr3t-of-alice' } })
  const places = ['/data', '/cache', '/comm', '/tmp']
  for (const place of places) await run(house, alice.containerId, `echo alice > ${place}/left`)
  await release(house, 'alice', 'reused')
  await within(30_000, 'the container is warm again', async () => {
    const { body } = await house.api('GET', `/api/v1/containers/${alice.containerId}`)
    return body.state === 'warm'
  })
  const bob = await claim(house, 'bob', 'reused')
  expect(bob.containerId).toBe(alice.containerId)
  for (const place of places) expect([place, await run(house, bob.containerId, `ls -A ${place}`)]).toEqual([place, ''])
  expect(await run(house, bob.containerId, 'ls -A /boilerhouse/secrets /run/secrets | grep TOKEN; true')).toBe('')
  expect(await run(house, bob.containerId, 'cat /boilerhouse/claim.json /boilerhouse/config.json')).not.toContain('alice')
  await release(house, 'bob', 'reused')
}, 90_000)
