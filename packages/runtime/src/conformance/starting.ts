import { systemClock } from '@boilerhouse/base'
import { describe, expect } from 'bun:test'

import { conformanceWorkload } from '../conformance-subject.ts'
import { codeOf } from './code-of.ts'
import { eventually } from './eventually.ts'
import { it, never, newPoolId, type RuntimeUnderTest } from './runtime-under-test.ts'

export function starting(at: RuntimeUnderTest): void {
  const { poolId, spec } = at

  describe('starting a container', () => {
    it('ensure resolves to a running container that get and list show with its labels', async () => {
      const wanted = spec()
      const container = await at.runtime.ensure(wanted, never)
      expect(container).toMatchObject({
        containerId: wanted.containerId,
        poolId,
        workloadId: 'conformance',
        workloadGeneration: 3,
        phase: 'running',
        isConnected: true,
      })
      expect(await at.runtime.get(wanted.containerId, never)).toEqual(container)
      expect(await at.runtime.list(never)).toContainEqual(container)
    })

    it('ensure twice, and twice at once, leaves one container as it is', async () => {
      const wanted = spec()
      const [one, two] = await Promise.all([at.runtime.ensure(wanted, never), at.runtime.ensure(wanted, never)])
      expect(two).toEqual(one)
      expect(await at.runtime.ensure(wanted, never)).toEqual(one)
      expect((await at.runtime.list(never)).filter((each) => each.containerId === wanted.containerId)).toHaveLength(1)
    })

    it('several containers start at once, each with its own address', async () => {
      const containers = await Promise.all([1, 2, 3, 4].map(() => at.runtime.ensure(spec('serve'), never)))
      expect(new Set(containers.map((each) => each.address?.ip)).size).toBe(4)
      const ports = containers.map((each) => each.address?.hostPorts['8080'])
      expect(ports.every((port) => typeof port === 'number' && port > 0)).toBe(true)
      expect(new Set(ports).size).toBe(4)
    })

    it('ensure leaves a container that exited as it is', async () => {
      const wanted = spec('exits')
      await at.runtime.ensure(wanted, never).catch(() => undefined)
      const gone = await eventually(
        () => at.runtime.get(wanted.containerId, never),
        (each) => each?.phase === 'exited',
      )
      expect(gone).toMatchObject({ phase: 'exited', exitCode: 7 })
      expect((await at.runtime.ensure(wanted, never)).phase).toBe('exited')
    })

    it('an image that is not on the host is runtime.image_not_found, and nothing is left behind', async () => {
      expect(await codeOf(at.runtime.inspectImage('boilerhouse-conformance/no-such-image:1', never))).toBe(
        'runtime.image_not_found',
      )
      const wanted = { ...spec(), imageId: `sha256:${'0'.repeat(64)}` }
      expect(await codeOf(at.runtime.ensure(wanted, never))).toBe('runtime.image_not_found')
      expect(await at.runtime.get(wanted.containerId, never)).toBeUndefined()
    })

    it('a container whose program does not exist is runtime.start_failed, and destroy removes what is left', async () => {
      const wanted = spec('sleep', {
        command: ['/no-such-program'],
        security: { ...conformanceWorkload('sleep', '').security, init: false },
      })
      expect(await codeOf(at.runtime.ensure(wanted, never))).toBe('runtime.start_failed')
      await at.runtime.destroy(wanted.containerId, never)
      expect(await at.runtime.get(wanted.containerId, never)).toBeUndefined()
    })

    it('an ensure that was aborted on its way is finished by the next', async () => {
      const wanted = spec()
      const stop = new AbortController()
      const first = at.runtime.ensure(wanted, stop.signal).catch(() => undefined)
      await systemClock.sleep(15)
      stop.abort()
      await first
      expect((await at.runtime.ensure(wanted, never)).phase).toBe('running')
    })

    it('an aborted signal rejects at once and starts nothing', async () => {
      const wanted = spec()
      await expect(at.runtime.ensure(wanted, AbortSignal.abort())).rejects.toThrow()
      expect(await at.runtime.get(wanted.containerId, never)).toBeUndefined()
    })

    it('nothing starts without its network', async () => {
      const wanted = spec('sleep', {}, newPoolId())
      expect(await codeOf(at.runtime.ensure(wanted, never))).toBe('runtime.network_failed')
      await at.runtime.destroy(wanted.containerId, never)
    })
  })
}
