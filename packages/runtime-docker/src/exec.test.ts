import { afterAll, beforeAll, expect, test } from 'bun:test'

import type { ContainerId } from '@boilerhouse/base'

import { createFiles, readHead } from './files.ts'
import type { Frame } from './frames.ts'
import { engineNameOf } from './labels.ts'
import { createProbe } from './probe.ts'
import { createFixture, never, type Fixture } from './test-fixture.ts'

let fixture: Fixture
let containerId: ContainerId
beforeAll(async () => {
  fixture = await createFixture()
  const spec = fixture.specOf({ volumes: { state: { containerPath: '/state', mode: 'rw' } } })
  await fixture.containers.ensure(spec, never)
  containerId = spec.containerId
}, 60_000)
afterAll(() => fixture[Symbol.asyncDispose](), 60_000)

const top = async (): Promise<string> =>
  JSON.stringify(await fixture.engine.docker.getContainer(engineNameOf(fixture.installation, containerId)).top())
const files = () => createFiles({ ...fixture, inspect: fixture.containers.inspect })
const stream = (text: string) => new Response(text).body ?? new ReadableStream<Uint8Array>()

test('a command that is too slow is killed with all it started', async () => {
  const command = ['/bin/sh', '-c', 'sleep 4321 & sleep 4321']
  await expect(fixture.exec(containerId, { command, timeoutMs: 300, maxOutputBytes: 10 }, never)).rejects.toMatchObject({
    code: 'container.exec_timeout',
  })
  expect(await top()).not.toContain('sleep 4321')
})

test('a command whose caller goes away is killed too', async () => {
  const caller = new AbortController()
  const running = fixture.exec(containerId, { command: ['sleep', '4322'], timeoutMs: 60_000, maxOutputBytes: 10 }, caller.signal)
  running.catch(() => {})
  await Bun.sleep(300)
  caller.abort()
  await expect(running).rejects.toThrow()
  await Bun.sleep(100)
  expect(await top()).not.toContain('sleep 4322')
})

test('only a container of this installation is reached, whatever name or engine id is asked for', async () => {
  const info = await fixture.containers.inspect(containerId, never)
  for (const name of [info?.Id ?? '', engineNameOf(fixture.installation, containerId), `${containerId}/../x`, '']) {
    const late = fixture.exec(name as ContainerId, { command: ['true'], timeoutMs: 1000, maxOutputBytes: 10 }, never)
    await expect(late).rejects.toMatchObject({ code: 'runtime.container_gone' })
  }
})

test('a command in a paused container is a conflict, not a wait', async () => {
  await fixture.containers.pause(containerId, never)
  const late = fixture.exec(containerId, { command: ['true'], timeoutMs: 1000, maxOutputBytes: 10 }, never)
  await expect(late).rejects.toMatchObject({ code: 'container.conflict' })
  await fixture.containers.unpause(containerId, never)
})

const run = async (command: readonly string[], more: { readonly workingDir?: string; readonly stdin?: Uint8Array } = {}) => {
  const request = { command, timeoutMs: 5000, maxOutputBytes: 1000, ...more }
  const { exitCode, stdout, stderr } = await fixture.exec(containerId, request, never)
  return { exitCode, stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() }
}

test('a program that is not there ends with 127 and one that cannot be run with 126, as in a shell, and stderr says why', async () => {
  await fixture.shell(containerId, 'echo text > /state/plain')
  for (const command of [['nope'], ['/nope', 'argument'], ['']]) {
    for (const more of [{}, { stdin: Buffer.from('input') }]) {
      const { exitCode, stdout, stderr } = await run(command, more)
      expect([exitCode, stdout]).toEqual([127, ''])
      expect(stderr).toMatch(/"(\/?nope)?": .*(not found|no such file).*\n$/)
    }
  }
  for (const [command, more] of [[['/state/plain']], [['/state']], [['true'], { workingDir: '/nowhere' }]] as const) {
    const { exitCode, stdout, stderr } = await run(command, more)
    expect([exitCode, stdout]).toEqual([126, ''])
    expect(stderr).toMatch(/permission denied|no such file/)
  }
})

test('what a program that did run says and ends with is its own, whatever it looks like', async () => {
  const text = 'OCI runtime exec failed: exec: "x": executable file not found'
  expect(await run(['sh', '-c', `printf '${text}'; exit 126`])).toEqual({ exitCode: 126, stdout: text, stderr: '' })
  expect(await run(['sh', '-c', 'nope'])).toEqual({ exitCode: 127, stdout: '', stderr: 'sh: nope: not found\n' })
})

test('a link to a file of the host leads to the file of that name inside', async () => {
  await fixture.shell(containerId, 'ln -s /etc/hostname /state/link; ln -s ../../../../../../etc/shadow /state/up')
  const inside = await fixture.shell(containerId, 'cat /etc/hostname')
  expect(await new Response((await files().readFile(containerId, '/state/link', never)).body).text()).toBe(inside)
  await expect(files().readFile(containerId, '/state/up', never)).rejects.toMatchObject({ code: 'container.file_not_found' })
})

test('what the container may not read or write is denied, a device is not a file', async () => {
  await fixture.shell(containerId, 'touch /state/sealed; chmod 000 /state/sealed; mkfifo /state/pipe')
  const denied = { code: 'container.file_denied' }
  await expect(files().readFile(containerId, '/state/sealed', never)).rejects.toMatchObject(denied)
  await expect(files().readFile(containerId, '/state/pipe', never)).rejects.toMatchObject(denied)
  await expect(files().readFile(containerId, '/dev/zero', never)).rejects.toMatchObject(denied)
  await expect(files().writeFile(containerId, '/state/pipe', stream('x'), 10, never)).rejects.toMatchObject(denied)
  await expect(files().readFile(containerId, 'relative', never)).rejects.toMatchObject({ code: 'request.invalid' })
})

test('a write whose sender breaks off changes nothing and leaves nothing beside', async () => {
  await files().writeFile(containerId, '/state/kept', stream('old'), 100, never)
  let sent = 0
  const breaking = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent++ < 3) controller.enqueue(new Uint8Array(1000))
      else controller.error(new Error('the caller hung up'))
    },
  })
  await expect(files().writeFile(containerId, '/state/kept', breaking, 1_000_000, never)).rejects.toThrow('the caller hung up')
  await Bun.sleep(300)
  expect(await fixture.shell(containerId, 'cat /state/kept; ls -A /state | grep boilerhouse')).toBe('old')
})

test('a written file keeps its mode, a link stays a link, an empty file is empty', async () => {
  await fixture.shell(containerId, 'echo x > /state/script; chmod 750 /state/script; ln -s script /state/to-script')
  expect(await files().writeFile(containerId, '/state/to-script', stream('#!/bin/sh\n'), 100, never)).toEqual({ sizeBytes: 10 })
  expect(await fixture.shell(containerId, 'stat -c "%a %F" /state/script; stat -c %F /state/to-script; cat /state/script')).toBe(
    '750 regular file\nsymbolic link\n#!/bin/sh\n',
  )
  await files().writeFile(containerId, '/state/empty', stream(''), 100, never)
  expect(await new Response((await files().readFile(containerId, '/state/empty', never)).body).text()).toBe('')
})

test('a reader that goes away ends the process that read', async () => {
  await fixture.shell(containerId, 'head -c 20000000 /dev/zero > /state/large')
  const { body } = await files().readFile(containerId, '/state/large', never)
  const reader = body.getReader()
  await reader.read()
  await reader.cancel()
  await Bun.sleep(200)
  expect(await top()).not.toContain('large')
  await fixture.shell(containerId, 'rm /state/large')
})

test('a probe ends with its time, even where the other side accepts and never answers', async () => {
  const silent = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const probe = createProbe({ clock: fixture.clock, exec: fixture.exec })
  const check = { http: { port: silent.port, path: '/' }, intervalMs: 1000, timeoutMs: 200, retries: 1, startPeriodMs: 0 }
  const result = await probe(containerId, { ip: '127.0.0.1', hostPorts: {} }, check, never)
  expect(result).toMatchObject({ ok: false, detail: 'no answer within 200 ms' })
  expect(result.durationMs).toBeLessThan(1000)
  silent.stop(true)
})

test('a reading process that a tenant laid hands on cannot fill the server with a head that never ends', async () => {
  let given = 0
  async function* endless(): AsyncGenerator<Frame> {
    for (;;) {
      given += 32_768
      yield { stream: given % 65_536 === 0 ? 'stderr' : 'stdout', bytes: new Uint8Array(32_768) }
    }
  }
  await expect(readHead(endless())).rejects.toMatchObject({ code: 'container.file_denied' })
  expect(given).toBeLessThan(1_048_576)
})
