import { expect, test } from 'bun:test'

import { engineWarnings } from './engine-warnings.ts'

const sound = {
  LiveRestoreEnabled: true,
  MemoryLimit: true,
  CpuCfsQuota: true,
  PidsLimit: true,
  SecurityOptions: ['name=seccomp,profile=default'],
  Driver: 'overlay2',
  Warnings: null,
}

test('a sound engine has no warnings', () => {
  expect(engineWarnings(sound)).toEqual([])
})

test.each([
  [{ LiveRestoreEnabled: false }, 'live-restore'],
  [{ MemoryLimit: false }, 'memory limits'],
  [{ CpuCfsQuota: false }, 'cpu limits'],
  [{ PidsLimit: false }, 'processes'],
  [{ SecurityOptions: [] }, 'Seccomp'],
  [{ Driver: 'vfs' }, 'vfs'],
  [{ Warnings: ['WARNING: No swap limit support', 'WARNING: No cpuset support'] }, 'cpuset'],
] as const)('%j is warned of', (change, word) => {
  const warnings = engineWarnings({ ...sound, ...change })
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(word)
})
