import type { TenantId } from '@boilerhouse/base'
import { describe, expect } from 'bun:test'

import { conformanceDelivery } from '../conformance-subject.ts'
import type { Delivery } from '../runtime.ts'
import { codeOf } from './code-of.ts'
import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function delivering(at: RuntimeUnderTest): void {
  const { poolId, read, run, write } = at

  describe('deliver', () => {
    it('puts claim, config and secrets into a running container', async () => {
      const containerId = await run()
      const delivered = await at.runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
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
      await at.runtime.deliver(containerId, delivery, never)
      expect(await at.runtime.deliver(containerId, delivery, never)).toEqual({ isNew: false, isStarted: true })
      const again = await at.subject.reopen()
      try {
        expect(await again.deliver(containerId, delivery, never)).toEqual({ isNew: false, isStarted: true })
      } finally {
        await again.close()
      }
    })

    it('a new revision replaces config and removes secrets that vanished', async () => {
      const containerId = await run()
      await at.runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
      const next = conformanceDelivery(containerId, poolId, {
        revision: 2,
        config: { greeting: 'ho' },
        secrets: new Map([['OTHER', new Uint8Array([0, 255, 10, 13])]]),
      })
      expect(await at.runtime.deliver(containerId, next, never)).toEqual({ isNew: true, isStarted: true })
      expect(JSON.parse(await read(containerId, '/boilerhouse/config.json'))).toEqual({ greeting: 'ho' })
      expect(await codeOf(read(containerId, '/boilerhouse/secrets/TOKEN'))).toBe('container.file_not_found')
      const other = await at.runtime.readFile(containerId, '/boilerhouse/secrets/OTHER', never)
      expect(new Uint8Array(await new Response(other.body).arrayBuffer())).toEqual(new Uint8Array([0, 255, 10, 13]))
    })

    it('of one claim after that of another replaces it whole', async () => {
      const containerId = await run()
      await at.runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
      const bob = conformanceDelivery(containerId, poolId, {
        claimId: 'cl-other' as Delivery['claimId'],
        tenantId: 'bob' as TenantId,
        secrets: new Map(),
        metadata: {},
      })
      expect(await at.runtime.deliver(containerId, bob, never)).toMatchObject({ isNew: true })
      expect(JSON.parse(await read(containerId, '/boilerhouse/claim.json'))).toMatchObject({
        claimId: 'cl-other',
        tenantId: 'bob',
      })
      expect(await codeOf(read(containerId, '/boilerhouse/secrets/TOKEN'))).toBe('container.file_not_found')
    })

    it('the slot is read-only from inside', async () => {
      const containerId = await run()
      await at.runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
      expect(await codeOf(write(containerId, '/boilerhouse/config.json', '{}'))).toBe('container.file_denied')
    })

    it('secrets are at volumes.secrets too', async () => {
      const containerId = await run('sleep', {
        volumes: { secrets: { containerPath: '/run/keys', mode: 'ro' } },
      })
      await at.runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
      expect(await read(containerId, '/run/keys/TOKEN')).toBe('s3cr3t-value-of-alice')
    })

    it('secrets and the environment of a claim are not in what the engine shows', async () => {
      const containerId = await run('greet')
      const start = { environment: { GREETING: 'environment-of-alice' } }
      await at.runtime.deliver(containerId, conformanceDelivery(containerId, poolId, { start }), never)
      const view = (await at.subject.engineView?.(containerId)) ?? ''
      expect(view).not.toContain('s3cr3t-value-of-alice')
      expect(view).not.toContain(btoa('s3cr3t-value-of-alice'))
      expect(view).not.toContain('environment-of-alice')
      expect(view).not.toContain('alice@example.org')
    })

    it('to a container that is gone is runtime.container_gone', async () => {
      const containerId = await run()
      await at.runtime.destroy(containerId, never)
      const late = at.runtime.deliver(containerId, conformanceDelivery(containerId, poolId), never)
      expect(await codeOf(late)).toBe('runtime.container_gone')
    })
  })
}
