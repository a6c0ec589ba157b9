import { expect, test } from 'bun:test'

import { engineWarnings, readEngineFacts } from './engine-facts.ts'
import { createFixture, never } from './test-fixture.ts'

const sound = { LiveRestoreEnabled: true, SecurityOptions: ['name=seccomp,profile=default'], Driver: 'overlay2' }

test('an engine with every wall has no warning', () => {
  expect(engineWarnings({ ...sound, BridgeNfIptables: true, BridgeNfIp6tables: true, IPv4Forwarding: true }, true)).toEqual([])
})

test.each([
  [{ LiveRestoreEnabled: false }, 'live-restore'],
  [{ BridgeNfIptables: false }, 'bridge-nf-call-iptables'],
  [{ BridgeNfIp6tables: false }, 'bridge-nf-call-ip6tables'],
  [{ IPv4Forwarding: false }, 'ip_forward'],
  [{ SecurityOptions: [] }, 'Seccomp'],
  [{ PidsLimit: false }, 'pids'],
] as const)('%p is told, with what to do about it', (info, word) => {
  const warnings = engineWarnings({ ...sound, ...info }, true)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(word)
})

test('a kernel without IPv6 needs no filter for it', () => {
  expect(engineWarnings({ ...sound, BridgeNfIp6tables: false }, false)).toEqual([])
})

test('a container may have as many CPUs as the engine says it has, and not one more', async () => {
  await using fixture = await createFixture()
  const { cpus } = await readEngineFacts(fixture.engine, never)
  const start = (count: number) =>
    fixture.containers.ensure(fixture.specOf({ resources: { cpus: count, memoryMb: 64, pids: 64, diskMb: 64 } }), never)
  expect(await start(cpus)).toMatchObject({ phase: 'running' })
  await expect(start(cpus + 1)).rejects.toMatchObject({ message: expect.stringContaining('CPUs') })
}, 30_000)
