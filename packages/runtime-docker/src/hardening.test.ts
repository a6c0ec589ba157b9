import { afterAll, beforeAll, expect, test } from 'bun:test'

import type { ContainerId } from '@boilerhouse/base'

import { engineNameOf } from './labels.ts'
import { createFixture, deliveryOf, never, type Fixture } from './test-fixture.ts'

let fixture: Fixture
let containerId: ContainerId
beforeAll(async () => {
  fixture = await createFixture()
  const spec = fixture.specOf({
    ports: [{ name: 'web', containerPort: 8080, protocol: 'http' }],
    volumes: { state: { containerPath: '/state', mode: 'rw' }, comm: { containerPath: '/comm', mode: 'rw' } },
  })
  await fixture.containers.ensure(spec, never)
  containerId = spec.containerId
}, 60_000)
afterAll(() => fixture[Symbol.asyncDispose](), 60_000)
const shell = (script: string) => fixture.shell(containerId, script)

test('the walls that the options name stand in the container itself', async () => {
  const status = await shell('cat /proc/1/status')
  expect(status).toMatch(/^Uid:\s+1000\s+1000\s+1000\s+1000$/m)
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
    expect(status).toMatch(new RegExp(`^${set}:\\s+0{16}$`, 'm'))
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m)
  expect(status).toMatch(/^Seccomp:\s+2$/m)
  expect(await shell('cat /proc/1/comm')).toBe('docker-init\n')
})

test('nothing can be written but volumes and bounded tmpfs without devices and set-uid', async () => {
  for (const path of ['/', '/bin', '/boilerhouse', '/boilerhouse/bin', '/boilerhouse/secrets', '/proc/sys/kernel', '/sys']) {
    expect([path, await shell(`touch ${path}/x 2>/dev/null && echo written || echo refused`)]).toEqual([path, 'refused\n'])
  }
  for (const path of ['/tmp', '/run', '/state', '/comm', '/dev/shm']) {
    expect([path, await shell(`touch ${path}/x && echo written`)]).toEqual([path, 'written\n'])
  }
  const mounts = await shell('cat /proc/mounts')
  for (const path of ['/tmp', '/run', '/dev/shm']) {
    const options = mounts.split('\n').find((line) => line.split(' ')[1] === path) ?? ''
    for (const option of ['nosuid', 'nodev', 'size=']) expect(options).toContain(option)
  }
})

test('ports are published on loopback alone, and what the claim brought is in nothing that the engine shows', async () => {
  const secret = new Map([['TOKEN', Buffer.from('s3cr3t-of-alice')]])
  const delivery = deliveryOf(containerId, { secrets: secret, config: { key: 'config-of-alice' } })
  await fixture.deliver(containerId, delivery, never)
  const container = fixture.engine.docker.getContainer(engineNameOf(fixture.installation, containerId))
  const info = await container.inspect()
  expect(info.NetworkSettings.Ports['8080/tcp']).toEqual([{ HostIp: '127.0.0.1', HostPort: expect.stringMatching(/^\d+$/) }])
  const shown = JSON.stringify([info, await container.top()])
  for (const text of ['s3cr3t-of-alice', 'config-of-alice', 'alice', 'TOKEN']) expect(shown).not.toContain(text)
})

/** Last: it leaves no process alive. */
test('a full tmpfs and too many processes stop at their limits', async () => {
  expect(await shell('head -c 100000000 /dev/zero > /tmp/full 2>/dev/null; echo $?; rm /tmp/full')).toBe('1\n')
  const forks = await shell('i=0; while [ $i -lt 100 ]; do sleep 5 & i=$((i+1)); done 2>&1; true')
  expect(forks).toContain("can't fork")
  await shell('kill -9 -1').catch(() => {})
})
