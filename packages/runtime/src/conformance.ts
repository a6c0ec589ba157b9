import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'

import { newContainerId, newId, systemClock, type ContainerId, type TenantId, type WorkloadId } from '@boilerhouse/base'
import type { HealthCheck, WorkloadSpec } from '@boilerhouse/resources'

import {
  conformanceCommands,
  conformanceDelivery,
  conformanceSpec,
  conformanceWorkload,
  type ConformanceProgram,
  type ConformanceSubject,
} from './conformance-subject.ts'
import type { ContainerSpec, Delivery, Runtime, RuntimeChange, StateKey } from './runtime.ts'

export * from './conformance-subject.ts'

const deadlineMs = 30_000
const never = new AbortController().signal
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const bytes = (value: string) => new TextEncoder().encode(value)
const stream = (value: string | Uint8Array) =>
  new Response(typeof value === 'string' ? value : new Uint8Array(value)).body ?? new ReadableStream<Uint8Array>()
const newPoolId = () => newId<'pool'>('pool', systemClock.nowMs())

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'no fault'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

/** Polls, since what happens outside the runtime has no event the suite could wait for. */
async function eventually<T>(look: () => Promise<T> | T, isDone: (value: T) => boolean, withinMs = 10_000): Promise<T> {
  const until = systemClock.monotonicMs() + withinMs
  for (;;) {
    const value = await look()
    if (isDone(value) || systemClock.monotonicMs() > until) return value
    await systemClock.sleep(20)
  }
}

/**
 * Every promise of `Runtime`, as tests. `create` opens a fresh installation; the suite makes its own pools and containers, removes
 * them and disposes the subject.
 */
export function runtimeConformance(harness: { readonly name: string; create(): Promise<ConformanceSubject> }): void {
  describe(`runtime ${harness.name}`, () => {
    let subject: ConformanceSubject
    let runtime: Runtime
    let imageId: string
    const poolId = newPoolId()
    const started = new Set<ContainerId>()

    beforeAll(async () => {
      subject = await harness.create()
      runtime = subject.runtime
      imageId = (await runtime.inspectImage(subject.image, never)).imageId
      const subnet = await runtime.chooseSubnet(20, [], never)
      await runtime.ensureNetwork({ poolId, access: 'none', maxSize: 20, subnet }, never)
    }, deadlineMs)
    afterEach(async () => {
      await Promise.all([...started].map((containerId) => runtime.destroy(containerId, never)))
      started.clear()
    }, deadlineMs)
    afterAll(async () => {
      await runtime.destroyNetwork(poolId, never)
      await subject[Symbol.asyncDispose]()
    }, deadlineMs)

    const it = (sentence: string, body: () => Promise<void>) => test(sentence, body, deadlineMs)
    const spec = (program: ConformanceProgram = 'sleep', change: Partial<WorkloadSpec> = {}, pool = poolId): ContainerSpec => {
      const containerId = newContainerId(systemClock.nowMs())
      started.add(containerId)
      return conformanceSpec(containerId, pool, imageId, { ...conformanceWorkload(program, subject.image), ...change })
    }
    const run = async (program: ConformanceProgram = 'sleep', change: Partial<WorkloadSpec> = {}): Promise<ContainerId> => {
      const wanted = spec(program, change)
      await runtime.ensure(wanted, never)
      return wanted.containerId
    }
    const read = async (containerId: ContainerId, path: string): Promise<string> =>
      new Response((await runtime.readFile(containerId, path, never)).body).text()
    const write = (containerId: ContainerId, path: string, value: string) =>
      runtime.writeFile(containerId, path, stream(value), 1_000_000, never)
    const exec = (
      containerId: ContainerId,
      command: readonly string[],
      change: { stdin?: Uint8Array; workingDir?: string } = {},
    ) => runtime.exec(containerId, { command, timeoutMs: 10_000, maxOutputBytes: 100_000, ...change }, never)

    describe('containers', () => {
      it('ensure resolves to a running container that get and list show with its labels', async () => {
        const wanted = spec()
        const container = await runtime.ensure(wanted, never)
        expect(container).toMatchObject({
          containerId: wanted.containerId,
          poolId,
          workloadId: 'conformance',
          workloadGeneration: 3,
          phase: 'running',
          isConnected: true,
        })
        expect(await runtime.get(wanted.containerId, never)).toEqual(container)
        expect(await runtime.list(never)).toContainEqual(container)
      })

      it('ensure twice, and twice at once, leaves one container as it is', async () => {
        const wanted = spec()
        const [one, two] = await Promise.all([runtime.ensure(wanted, never), runtime.ensure(wanted, never)])
        expect(two).toEqual(one)
        expect(await runtime.ensure(wanted, never)).toEqual(one)
        expect((await runtime.list(never)).filter((each) => each.containerId === wanted.containerId)).toHaveLength(1)
      })

      it('several containers start at once, each with its own address', async () => {
        const containers = await Promise.all([1, 2, 3, 4].map(() => runtime.ensure(spec('serve'), never)))
        expect(new Set(containers.map((each) => each.address?.ip)).size).toBe(4)
        const ports = containers.map((each) => each.address?.hostPorts['8080'])
        expect(ports.every((port) => typeof port === 'number' && port > 0)).toBe(true)
        expect(new Set(ports).size).toBe(4)
      })

      it('ensure leaves a container that exited as it is', async () => {
        const wanted = spec('exits')
        await runtime.ensure(wanted, never).catch(() => undefined)
        const gone = await eventually(
          () => runtime.get(wanted.containerId, never),
          (each) => each?.phase === 'exited',
        )
        expect(gone).toMatchObject({ phase: 'exited', exitCode: 7 })
        expect((await runtime.ensure(wanted, never)).phase).toBe('exited')
      })

      it('an image that is not on the host is runtime.image_not_found, and nothing is left behind', async () => {
        expect(await codeOf(runtime.inspectImage('boilerhouse-conformance/no-such-image:1', never))).toBe(
          'runtime.image_not_found',
        )
        const wanted = { ...spec(), imageId: `sha256:${'0'.repeat(64)}` }
        expect(await codeOf(runtime.ensure(wanted, never))).toBe('runtime.image_not_found')
        expect(await runtime.get(wanted.containerId, never)).toBeUndefined()
      })

      it('a container whose program does not exist is runtime.start_failed, and destroy removes what is left', async () => {
        const wanted = spec('sleep', {
          command: ['/no-such-program'],
          security: { ...conformanceWorkload('sleep', '').security, init: false },
        })
        expect(await codeOf(runtime.ensure(wanted, never))).toBe('runtime.start_failed')
        await runtime.destroy(wanted.containerId, never)
        expect(await runtime.get(wanted.containerId, never)).toBeUndefined()
      })

      it('an ensure that was aborted on its way is finished by the next', async () => {
        const wanted = spec()
        const stop = new AbortController()
        const first = runtime.ensure(wanted, stop.signal).catch(() => undefined)
        await systemClock.sleep(15)
        stop.abort()
        await first
        expect((await runtime.ensure(wanted, never)).phase).toBe('running')
      })

      it('destroy while ensure runs leaves nothing once both are done', async () => {
        const wanted = spec()
        const starting = runtime.ensure(wanted, never).catch(() => undefined)
        await systemClock.sleep(15)
        await runtime.destroy(wanted.containerId, never)
        await starting
        await runtime.destroy(wanted.containerId, never)
        expect(await runtime.get(wanted.containerId, never)).toBeUndefined()
        expect((await runtime.inventory(never)).slots).not.toContain(wanted.containerId)
      })

      it('destroy twice, and of what never was, is fine', async () => {
        const containerId = await run()
        await Promise.all([runtime.destroy(containerId, never), runtime.destroy(containerId, never)])
        await runtime.destroy(containerId, never)
        await runtime.destroy(newContainerId(systemClock.nowMs()), never)
        expect(await runtime.get(containerId, never)).toBeUndefined()
        const inventory = await runtime.inventory(never)
        expect([...inventory.containers, ...inventory.slots, ...inventory.volumes]).not.toContain(containerId)
      })

      it('stop ends the process and keeps the container; stopping again, and what is gone, is fine', async () => {
        const containerId = await run()
        await runtime.stop(containerId, 500, never)
        expect((await runtime.get(containerId, never))?.phase).toBe('exited')
        await runtime.stop(containerId, 500, never)
        await runtime.stop(newContainerId(systemClock.nowMs()), 500, never)
      })

      it('pause and unpause are seen in the phase, and doing either twice is fine', async () => {
        const containerId = await run()
        await runtime.pause(containerId, never)
        await runtime.pause(containerId, never)
        expect((await runtime.get(containerId, never))?.phase).toBe('paused')
        await runtime.unpause(containerId, never)
        await runtime.unpause(containerId, never)
        expect((await runtime.get(containerId, never))?.phase).toBe('running')
      })

      it('a paused container can be stopped and destroyed', async () => {
        const containerId = await run()
        await runtime.pause(containerId, never)
        await runtime.stop(containerId, 500, never)
        expect((await runtime.get(containerId, never))?.phase).toBe('exited')
        const paused = await run()
        await runtime.pause(paused, never)
        await runtime.destroy(paused, never)
        expect(await runtime.get(paused, never)).toBeUndefined()
      })

      it('a restarted server adopts what runs', async () => {
        const containerId = await run()
        const again = await subject.reopen()
        try {
          expect(await again.get(containerId, never)).toEqual(await runtime.get(containerId, never))
          await again.deliver(containerId, conformanceDelivery(containerId, poolId), never)
          expect(JSON.parse(await read(containerId, '/boilerhouse/config.json'))).toEqual({ greeting: 'hi' })
        } finally {
          await again.close()
        }
      })

      it('an aborted signal rejects at once and starts nothing', async () => {
        const wanted = spec()
        await expect(runtime.ensure(wanted, AbortSignal.abort())).rejects.toThrow()
        expect(await runtime.get(wanted.containerId, never)).toBeUndefined()
      })
    })

    describe('watch', () => {
      it('begins with connected, then names each container that changed, and ends with the signal', async () => {
        const stop = new AbortController()
        const seen: RuntimeChange[] = []
        const watching = (async () => {
          for await (const change of runtime.watch(stop.signal)) seen.push(change)
        })()
        await eventually(
          () => seen,
          (changes) => changes.length > 0,
        )
        expect(seen[0]).toEqual({ kind: 'connected' })
        const containerId = await run()
        const names = () => seen.filter((change) => change.kind === 'container' && change.containerId === containerId).length
        expect(await eventually(names, (count) => count > 0)).toBeGreaterThan(0)
        const before = names()
        await subject.kill(containerId)
        expect(await eventually(names, (count) => count > before)).toBeGreaterThan(before)
        expect((await runtime.get(containerId, never))?.phase).toBe('exited')
        stop.abort()
        await watching
      })
    })

    describe('deliver', () => {
      it('puts claim, config and secrets into a running container', async () => {
        const containerId = await run()
        const delivered = await runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
        expect(delivered).toEqual({ isNew: true, isStarted: true })
        expect(JSON.parse(await read(containerId, '/boilerhouse/claim.json'))).toMatchObject({
          claimId: 'cl-conformance',
          revision: 1,
          tenantId: 'alice@example.org',
          poolId,
          containerId,
          metadata: { plan: 'free' },
          claimedAt: '2026-01-01T00:00:00.000Z',
        })
        expect(JSON.parse(await read(containerId, '/boilerhouse/config.json'))).toEqual({ greeting: 'hi' })
        expect(await read(containerId, '/boilerhouse/secrets/TOKEN')).toBe('s3cr3t-value-of-alice')
      })

      it('the same claim and revision again changes nothing, a restarted server included', async () => {
        const containerId = await run()
        const delivery = conformanceDelivery(containerId, poolId)
        await runtime.deliver(containerId, delivery, never)
        expect(await runtime.deliver(containerId, delivery, never)).toEqual({ isNew: false, isStarted: true })
        const again = await subject.reopen()
        try {
          expect(await again.deliver(containerId, delivery, never)).toEqual({ isNew: false, isStarted: true })
        } finally {
          await again.close()
        }
      })

      it('a new revision replaces config and removes secrets that vanished', async () => {
        const containerId = await run()
        await runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
        const next = conformanceDelivery(containerId, poolId, {
          revision: 2,
          config: { greeting: 'ho' },
          secrets: new Map([['OTHER', new Uint8Array([0, 255, 10, 13])]]),
        })
        expect(await runtime.deliver(containerId, next, never)).toEqual({ isNew: true, isStarted: true })
        expect(JSON.parse(await read(containerId, '/boilerhouse/config.json'))).toEqual({ greeting: 'ho' })
        expect(await codeOf(read(containerId, '/boilerhouse/secrets/TOKEN'))).toBe('container.file_not_found')
        const other = await runtime.readFile(containerId, '/boilerhouse/secrets/OTHER', never)
        expect(new Uint8Array(await new Response(other.body).arrayBuffer())).toEqual(new Uint8Array([0, 255, 10, 13]))
      })

      it('of one claim after that of another replaces it whole', async () => {
        const containerId = await run()
        await runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
        const bob = conformanceDelivery(containerId, poolId, {
          claimId: 'cl-other' as Delivery['claimId'],
          tenantId: 'bob' as TenantId,
          secrets: new Map(),
          metadata: {},
        })
        expect(await runtime.deliver(containerId, bob, never)).toMatchObject({ isNew: true })
        expect(JSON.parse(await read(containerId, '/boilerhouse/claim.json'))).toMatchObject({
          claimId: 'cl-other',
          tenantId: 'bob',
        })
        expect(await codeOf(read(containerId, '/boilerhouse/secrets/TOKEN'))).toBe('container.file_not_found')
      })

      it('the slot is read-only from inside', async () => {
        const containerId = await run()
        await runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
        expect(await codeOf(write(containerId, '/boilerhouse/config.json', '{}'))).toBe('container.file_denied')
      })

      it('secrets are at volumes.secrets too', async () => {
        const containerId = await run('sleep', {
          volumes: { secrets: { containerPath: '/run/keys', mode: 'ro' } },
        })
        await runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
        expect(await read(containerId, '/run/keys/TOKEN')).toBe('s3cr3t-value-of-alice')
      })

      it('starts a parked entrypoint with the environment of the claim, quotes and newlines as they are', async () => {
        const containerId = await run('greet')
        expect(await codeOf(read(containerId, '/state/greeting'))).toBe('container.file_not_found')
        const greeting = `it's "fine" $HOME \`id\` \\ \n second line`
        const delivery = conformanceDelivery(containerId, poolId, { start: { environment: { GREETING: greeting } } })
        expect(await runtime.deliver(containerId, delivery, never)).toEqual({ isNew: true, isStarted: true })
        const found = await eventually(
          () => read(containerId, '/state/greeting').catch(() => ''),
          (value) => value.length > greeting.length,
        )
        expect(found).toBe(`${greeting}\n`)
        expect(await runtime.deliver(containerId, delivery, never)).toEqual({ isNew: false, isStarted: true })
      })

      it('a started parked container takes a new revision', async () => {
        const containerId = await run('greet')
        const start = { environment: { GREETING: 'one' } }
        await runtime.deliver(containerId, conformanceDelivery(containerId, poolId, { start }), never)
        const next = conformanceDelivery(containerId, poolId, { revision: 2, config: { greeting: 'two' }, start })
        expect(await runtime.deliver(containerId, next, never)).toEqual({ isNew: true, isStarted: true })
        expect(JSON.parse(await read(containerId, '/boilerhouse/config.json'))).toEqual({ greeting: 'two' })
      })

      it('secrets and the environment of a claim are not in what the engine shows', async () => {
        const containerId = await run('greet')
        const start = { environment: { GREETING: 'environment-of-alice' } }
        await runtime.deliver(containerId, conformanceDelivery(containerId, poolId, { start }), never)
        const view = (await subject.engineView?.(containerId)) ?? ''
        expect(view).not.toContain('s3cr3t-value-of-alice')
        expect(view).not.toContain(btoa('s3cr3t-value-of-alice'))
        expect(view).not.toContain('environment-of-alice')
        expect(view).not.toContain('alice@example.org')
      })

      it('to a container that is gone is runtime.container_gone', async () => {
        const containerId = await run()
        await runtime.destroy(containerId, never)
        const late = runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
        expect(await codeOf(late)).toBe('runtime.container_gone')
      })
    })

    describe('volumes', () => {
      const newKey = (): StateKey => ({
        tenantId: `tenant:${newId('t', systemClock.nowMs())}` as TenantId,
        workloadId: 'conformance' as WorkloadId,
      })

      it('what stop and keep took from one container, restore brings to another, and only to that tenant', async () => {
        const key = newKey()
        const first = await run()
        await write(first, '/state/notes.txt', 'remember')
        await write(first, '/state/.hidden', 'too')
        await runtime.stop(first, 500, never)
        expect(await runtime.volumes(first).keep(key, never)).toEqual({ kept: true })
        await runtime.destroy(first, never)

        const stranger = await run()
        expect(await runtime.volumes(stranger).restore(newKey(), never)).toEqual({ restored: false })
        expect(await codeOf(read(stranger, '/state/notes.txt'))).toBe('container.file_not_found')

        const second = await run()
        expect(await runtime.volumes(second).restore(key, never)).toEqual({ restored: true })
        expect(await read(second, '/state/notes.txt')).toBe('remember')
        expect(await read(second, '/state/.hidden')).toBe('too')
      })

      it('the other tenant ids and workloads that look alike do not share what is kept', async () => {
        const container = await run()
        await write(container, '/state/x', 'of a-b')
        await runtime.stop(container, 500, never)
        const unique = newId('t', systemClock.nowMs())
        const pair = (tenantId: string, workloadId: string) => ({
          tenantId: `${unique}${tenantId}` as TenantId,
          workloadId: workloadId as WorkloadId,
        })
        await runtime.volumes(container).keep(pair('a-b', 'c'), never)
        const next = await run()
        expect(await runtime.volumes(next).restore(pair('a', 'b-c'), never)).toEqual({ restored: false })
        expect(await runtime.volumes(next).restore(pair('a-b', 'c'), never)).toEqual({ restored: true })
      })

      it('restore twice is one restore, and keep twice is one keep', async () => {
        const key = newKey()
        const first = await run()
        await write(first, '/state/a', '1')
        await runtime.stop(first, 500, never)
        await runtime.volumes(first).keep(key, never)
        await runtime.volumes(first).keep(key, never)
        const second = await run()
        await runtime.volumes(second).restore(key, never)
        await runtime.volumes(second).restore(key, never)
        expect(await read(second, '/state/a')).toBe('1')
        await runtime.stop(second, 500, never)
        await runtime.volumes(second).keep(key, never)
        const third = await run()
        expect(await runtime.volumes(third).restore(key, never)).toEqual({ restored: true })
        expect(await read(third, '/state/a')).toBe('1')
      })

      it('an aborted restore or keep loses nothing: calling again finishes it', async () => {
        const key = newKey()
        const first = await run()
        await Promise.all(['a', 'b', 'c'].map((name) => write(first, `/state/${name}`, name)))
        await runtime.stop(first, 500, never)
        await expect(runtime.volumes(first).keep(key, AbortSignal.abort())).rejects.toThrow()
        expect(await runtime.volumes(first).keep(key, never)).toEqual({ kept: true })
        const second = await run()
        await expect(runtime.volumes(second).restore(key, AbortSignal.abort())).rejects.toThrow()
        await runtime.volumes(second).restore(key, never)
        expect(await Promise.all(['a', 'b', 'c'].map((name) => read(second, `/state/${name}`)))).toEqual(['a', 'b', 'c'])
      })

      it('keeps the volume of a container that died', async () => {
        const key = newKey()
        const first = await run()
        await write(first, '/state/a', 'survives')
        await subject.kill(first)
        expect(await runtime.volumes(first).keep(key, never)).toEqual({ kept: true })
        const second = await run()
        await runtime.volumes(second).restore(key, never)
        expect(await read(second, '/state/a')).toBe('survives')
      })

      it('of a workload without state, nothing is kept or restored', async () => {
        const containerId = await run('sleep', { volumes: {} })
        const key = newKey()
        expect(await runtime.volumes(containerId).restore(key, never)).toEqual({ restored: false })
        await runtime.stop(containerId, 500, never)
        expect(await runtime.volumes(containerId).keep(key, never)).toEqual({ kept: false })
      })
    })

    describe('probe', () => {
      const check = (change: Partial<HealthCheck>): HealthCheck => ({
        intervalMs: 1000,
        timeoutMs: 2000,
        retries: 1,
        startPeriodMs: 0,
        ...change,
      })
      const cases: readonly (readonly [string, Partial<HealthCheck>, boolean])[] = [
        ['http 200', { http: { port: 8080, path: '/' } }, true],
        ['http 404', { http: { port: 8080, path: '/missing' } }, false],
        ['http on a closed port', { http: { port: 9, path: '/' } }, false],
        ['an open tcp port', { tcp: { port: 8080 } }, true],
        ['a closed tcp port', { tcp: { port: 9 } }, false],
        ['a command that exits 0', { command: [...conformanceCommands.pass] }, true],
        ['a command that exits 1', { command: [...conformanceCommands.fail] }, false],
        ['a command that hangs', { command: [...conformanceCommands.hang], timeoutMs: 300 }, false],
      ]
      it('tells what passes from what does not, and says why', async () => {
        const container = await runtime.ensure(spec('serve'), never)
        const address = container.address ?? { hostPorts: {} }
        const serves = () => runtime.probe(container.containerId, address, check({ tcp: { port: 8080 } }), never)
        await eventually(serves, (result) => result.ok)
        for (const [name, change, ok] of cases) {
          const result = await runtime.probe(container.containerId, address, check(change), never)
          expect([name, result.ok]).toEqual([name, ok])
          expect(result.durationMs).toBeLessThan(2500)
          if (!ok) expect(result.detail).toBeString()
        }
      })
    })

    describe('exec, logs and files', () => {
      it('exec gives exit code, both streams and takes stdin and a working directory', async () => {
        const containerId = await run()
        const result = await exec(containerId, conformanceCommands.streams)
        expect({ ...result, stdout: text(result.stdout), stderr: text(result.stderr) }).toEqual({
          exitCode: 3,
          stdout: 'out\n',
          stderr: 'err\n',
          truncated: false,
        })
        expect(text((await exec(containerId, conformanceCommands.catStdin, { stdin: bytes('through') })).stdout)).toBe('through')
        expect(text((await exec(containerId, conformanceCommands.workingDir, { workingDir: '/state' })).stdout)).toBe('/state\n')
      })

      it('exec cuts what is too long and says so', async () => {
        const result = await exec(await run(), conformanceCommands.flood)
        expect(result).toMatchObject({ exitCode: 0, truncated: true })
        expect(result.stdout.byteLength).toBe(100_000)
      })

      it('exec that does not end in time is container.exec_timeout', async () => {
        const containerId = await run()
        const late = runtime.exec(containerId, { command: conformanceCommands.hang, timeoutMs: 300, maxOutputBytes: 1000 }, never)
        expect(await codeOf(late)).toBe('container.exec_timeout')
      })

      it('exec of a program that is not there answers 126 or 127, never a fault of ours', async () => {
        expect([126, 127]).toContain((await exec(await run(), conformanceCommands.missing)).exitCode)
      })

      it('exec in a container that is gone is runtime.container_gone', async () => {
        const containerId = await run()
        await runtime.destroy(containerId, never)
        expect(await codeOf(exec(containerId, conformanceCommands.pass))).toBe('runtime.container_gone')
      })

      it('logs tell both streams with their times, and tail cuts', async () => {
        const containerId = await run('serve')
        const all = async (tail: number) => {
          const lines = []
          for await (const line of runtime.logs(containerId, { tail, follow: false }, never)) lines.push(line)
          return lines
        }
        const lines = await eventually(
          () => all(10),
          (found) => found.length >= 2,
        )
        expect(lines.map((line) => [line.stream, line.text]).sort()).toEqual([
          ['stderr', 'line-err'],
          ['stdout', 'line-out'],
        ])
        expect(lines.every((line) => !Number.isNaN(Date.parse(line.time)))).toBe(true)
        expect(await all(1)).toHaveLength(1)
      })

      it('logs that follow end when the signal aborts', async () => {
        const containerId = await run('serve')
        const stop = new AbortController()
        const lines: string[] = []
        const following = (async () => {
          for await (const line of runtime.logs(containerId, { tail: 10, follow: true }, stop.signal)) lines.push(line.text)
        })()
        expect(
          await eventually(
            () => lines.length,
            (count) => count >= 2,
          ),
        ).toBe(2)
        stop.abort()
        await following
      })

      it('a file written is read back whole; a directory comes as tar', async () => {
        const containerId = await run()
        const body = new Uint8Array(200_000).map((_, index) => index % 251)
        expect(await runtime.writeFile(containerId, '/state/body.bin', stream(body), 1_000_000, never)).toEqual({
          sizeBytes: 200_000,
        })
        const file = await runtime.readFile(containerId, '/state/body.bin', never)
        expect(file).toMatchObject({ kind: 'file', sizeBytes: 200_000 })
        expect(new Uint8Array(await new Response(file.body).arrayBuffer())).toEqual(body)
        await write(containerId, '/state/body.bin', 'shorter')
        expect(await read(containerId, '/state/body.bin')).toBe('shorter')
        const directory = await runtime.readFile(containerId, '/state', never)
        expect(directory.kind).toBe('directory')
        const tar = text(new Uint8Array(await new Response(directory.body).arrayBuffer()))
        expect(tar).toContain('body.bin')
        expect(tar).toContain('shorter')
      })

      it('files that are missing, denied or too large are told apart, and a file too large leaves the old one', async () => {
        const containerId = await run()
        expect(await codeOf(read(containerId, '/state/none'))).toBe('container.file_not_found')
        expect(await codeOf(write(containerId, '/state/no/such/directory', 'x'))).toBe('container.file_not_found')
        expect(await codeOf(write(containerId, '/bin/sh', 'x'))).toBe('container.file_denied')
        await write(containerId, '/state/a', 'old')
        const large = runtime.writeFile(containerId, '/state/a', stream('x'.repeat(2000)), 1000, never)
        expect(await codeOf(large)).toBe('request.too_large')
        expect(await read(containerId, '/state/a')).toBe('old')
      })

      it('a directory read as tar is unpacked whole elsewhere, beside what is there; what is no tar changes nothing', async () => {
        const [from, to] = await Promise.all([run(), run()])
        await write(from, '/state/one', 'first')
        await write(from, '/state/two', 'second')
        await write(to, '/state/two', 'old')
        await write(to, '/state/three', 'stays')
        const put = (bytes: Uint8Array, limitBytes = 1_000_000) =>
          runtime.writeDirectory(to, '/state', stream(bytes), limitBytes, never)
        const tar = new Uint8Array(await new Response((await runtime.readFile(from, '/state', never)).body).arrayBuffer())
        expect(await codeOf(put(new TextEncoder().encode('no tar at all'.repeat(100))))).toBe('request.malformed')
        expect(await codeOf(put(tar, 1000))).toBe('request.too_large')
        expect(await read(to, '/state/two')).toBe('old')
        expect(await put(tar)).toEqual({ sizeBytes: tar.byteLength })
        const found = ['one', 'two', 'three'].map((name) => read(to, `/state/${name}`))
        expect(await Promise.all(found)).toEqual(['first', 'second', 'stays'])
        expect(await codeOf(runtime.writeDirectory(to, '/bin', stream(tar), 1_000_000, never))).toBe('container.file_denied')
      })

      it('a name with quotes, spaces and a leading dash is only a name', async () => {
        const containerId = await run()
        const path = `/state/-rf it's "a" $(name);`
        await write(containerId, path, 'odd')
        expect(await read(containerId, path)).toBe('odd')
      })
    })

    describe('stats and space', () => {
      it('stats of what runs are given at once, of what does not are left out', async () => {
        const [one, two] = await Promise.all([run('serve'), run('serve')])
        const gone = newContainerId(systemClock.nowMs())
        const stats = await runtime.stats([one, two, gone], never)
        expect([...stats.keys()].sort()).toEqual([one, two].sort())
        for (const each of stats.values()) {
          expect(each.memoryBytes).toBeGreaterThan(0)
          expect(each.cpuSeconds).toBeGreaterThan(0)
          expect(each.networkPackets).toBeGreaterThanOrEqual(0)
        }
      })

      it('free space is a number of MB, and ping answers with a version', async () => {
        expect(await runtime.freeMb(never)).toBeGreaterThan(0)
        expect((await runtime.ping(never)).version).toBeString()
      })
    })

    describe('networks', () => {
      it('ensureNetwork and destroyNetwork twice, and destroy of what never was, are fine', async () => {
        const pool = newPoolId()
        const network = { poolId: pool, access: 'none' as const, maxSize: 2, subnet: await runtime.chooseSubnet(2, [], never) }
        await runtime.ensureNetwork(network, never)
        await runtime.ensureNetwork(network, never)
        expect((await runtime.inventory(never)).networks).toContain(pool)
        await runtime.destroyNetwork(pool, never)
        await runtime.destroyNetwork(pool, never)
        expect((await runtime.inventory(never)).networks).not.toContain(pool)
      })

      it('a network that was removed from outside is made again', async () => {
        const pool = newPoolId()
        const network = { poolId: pool, access: 'none' as const, maxSize: 2, subnet: await runtime.chooseSubnet(2, [], never) }
        await runtime.ensureNetwork(network, never)
        await subject.dropNetwork(pool)
        await runtime.ensureNetwork(network, never)
        const wanted = spec('sleep', {}, pool)
        expect(await runtime.ensure(wanted, never)).toMatchObject({ phase: 'running', isConnected: true })
        await runtime.destroy(wanted.containerId, never)
        await runtime.destroyNetwork(pool, never)
      })

      it('a container whose network was taken away is not connected', async () => {
        const pool = newPoolId()
        const subnet = await runtime.chooseSubnet(2, [], never)
        await runtime.ensureNetwork({ poolId: pool, access: 'none', maxSize: 2, subnet }, never)
        const wanted = spec('sleep', {}, pool)
        await runtime.ensure(wanted, never)
        await subject.dropNetwork(pool)
        expect((await runtime.get(wanted.containerId, never))?.isConnected).toBe(false)
        await runtime.destroy(wanted.containerId, never)
      })

      it('nothing starts without its network', async () => {
        const wanted = spec('sleep', {}, newPoolId())
        expect(await codeOf(runtime.ensure(wanted, never))).toBe('runtime.network_failed')
        await runtime.destroy(wanted.containerId, never)
      })

      it('chooseSubnet never gives what is taken', async () => {
        const taken: string[] = []
        for (let index = 0; index < 5; index++) taken.push(await runtime.chooseSubnet(10, taken, never))
        expect(new Set(taken).size).toBe(5)
      })
    })

    describe('inventory and sweep', () => {
      it('sweep removes what nobody knows and leaves what is known', async () => {
        const [known, unknown] = await Promise.all([run(), run()])
        const strange = newPoolId()
        const subnet = await runtime.chooseSubnet(2, [], never)
        await runtime.ensureNetwork({ poolId: strange, access: 'none', maxSize: 2, subnet }, never)
        await runtime.inventory(never)
        const removed = await runtime.sweep({ containers: new Set([known]), pools: new Set([poolId]) }, never)
        expect(removed.join('\n')).toContain(unknown)
        expect(removed.join('\n')).toContain(strange)
        expect(removed.join('\n')).not.toContain(known)
        expect(await runtime.get(unknown, never)).toBeUndefined()
        expect((await runtime.get(known, never))?.phase).toBe('running')
        const inventory = await runtime.inventory(never)
        expect(inventory.networks).toEqual([poolId])
        expect(inventory.slots).toEqual([known])
        expect(inventory.volumes).toEqual([known])
      })

      it('sweep leaves what was made after the inventory, and without an inventory does nothing', async () => {
        await runtime.inventory(never)
        const containerId = await run()
        const known = { containers: new Set<ContainerId>(), pools: new Set([poolId]) }
        expect((await runtime.sweep(known, never)).join('\n')).not.toContain(containerId)
        expect(await runtime.sweep(known, never)).toEqual([])
        expect((await runtime.get(containerId, never))?.phase).toBe('running')
      })

      it('another installation neither sees nor touches ours', async () => {
        const containerId = await run()
        const other = await subject.other()
        try {
          expect(await other.get(containerId, never)).toBeUndefined()
          expect(await other.list(never)).toEqual([])
          expect((await other.inventory(never)).containers).toEqual([])
          expect(await other.sweep({ containers: new Set(), pools: new Set() }, never)).toEqual([])
          await other.stop(containerId, 0, never)
          await other.destroy(containerId, never)
          await other.destroyNetwork(poolId, never)
          expect(await codeOf(other.exec(containerId, { command: ['true'], timeoutMs: 1000, maxOutputBytes: 10 }, never))).toBe(
            'runtime.container_gone',
          )
        } finally {
          await other.close()
        }
        expect(await runtime.get(containerId, never)).toMatchObject({ phase: 'running', isConnected: true })
      })

      it('the firewall stands while a pool is there', async () => {
        expect((await runtime.inventory(never)).firewallDifferences).toEqual([])
      })
    })
  })
}
