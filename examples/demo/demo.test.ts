import { beforeAll, expect, test } from 'bun:test'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { buildExamples, fetchInside, startHardened, temporaryDirectory } from '../hardened-container.fixture.ts'

beforeAll(buildExamples, 120_000)

test('demo is healthy unclaimed, shows its tenant once a claim is delivered, and never a secret', async () => {
  await using box = await temporaryDirectory('demo')
  await chmod(box.path, 0o755)
  await mkdir(join(box.path, 'secrets'), { mode: 0o755 })
  await using container = await startHardened({ image: 'boilerhouse/demo', binds: [`${box.path}:/boilerhouse:ro`], pids: 32 })
  expect(await container.evaluate(fetchInside('/healthz'))).toBe('200 ok')
  expect(await container.evaluate(fetchInside('/'))).toContain('nobody has claimed me')

  await deliver(box.path, { tenantId: 'alice', poolId: 'demo', containerId: 'c-1', revision: 1 }, { greeting: 'hi' })
  const about = await container.evaluate(fetchInside('/'))
  expect(JSON.parse(about.slice(4))).toMatchObject({
    message: 'hi, alice',
    tenant: 'alice',
    config: { greeting: 'hi' },
    secrets: ['TOKEN'],
  })
  expect(about).not.toContain('s3cr3t')

  await deliver(box.path, { tenantId: 'alice', poolId: 'demo', containerId: 'c-1', revision: 2 }, { greeting: 'hello again' })
  expect(await container.evaluate(fetchInside('/'))).toContain('hello again, alice')
})

test('demo echoes HTTP and WebSocket', async () => {
  await using box = await temporaryDirectory('demo')
  await chmod(box.path, 0o755)
  await using container = await startHardened({ image: 'boilerhouse/demo', binds: [`${box.path}:/boilerhouse:ro`] })
  const echoed = await container.evaluate(fetchInside('/a/b?c=d', `{ method: 'POST', body: 'ping' }`))
  expect(JSON.parse(echoed.slice(4))).toMatchObject({ method: 'POST', path: '/a/b?c=d', body: 'ping' })
  const said = await container.evaluate(`
    const socket = new WebSocket('ws://127.0.0.1:8080/ws')
    socket.onopen = () => socket.send('ping')
    let count = 0
    socket.onmessage = ({ data }) => { console.log(data); if (++count === 2) process.exit(0) }`)
  expect(said.split('\n').sort()).toEqual(['ping', '{"tenant":null,"config":null}'])
  expect(await container.evaluate(fetchInside('/ws'))).toContain('426')
  expect(await container.stop()).toBe(0)
})

async function deliver(box: string, claim: object, config: object): Promise<void> {
  await writeFile(join(box, 'secrets/TOKEN'), 's3cr3t')
  await writeFile(join(box, 'config.json'), JSON.stringify(config))
  await writeFile(join(box, 'claim.json'), JSON.stringify(claim))
}
