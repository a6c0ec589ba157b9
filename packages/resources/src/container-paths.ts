import type { FieldFault } from '@boilerhouse/base'

import { pointerOf } from './json-pointer.ts'
import type { WorkloadSpec } from './workload.ts'

/** What belongs to the kernel or to us: nothing is mounted there or below. */
const reserved = ['/proc', '/sys', '/dev', '/boilerhouse'] as const

/** Mounts must not meet: each path absolute, normalised, distinct, not nested, not reserved. */
export function containerPathFaults({
  volumes,
  workingDir,
}: Pick<WorkloadSpec, 'volumes' | 'workingDir'>): readonly FieldFault[] {
  const faults: FieldFault[] = []
  const mounts = mountsOf(volumes)
  mounts.forEach(({ pointer, path }, index) => {
    const own = pathFault(path) ?? reservedFault(path)
    if (own) return faults.push({ pointer, detail: own })
    const other = mounts.slice(0, index).find((earlier) => isSameOrBelow(path, earlier.path) || isSameOrBelow(earlier.path, path))
    if (other) faults.push({ pointer, detail: `must neither equal, hold nor lie in ${other.path} (${other.pointer})` })
  })
  const names = (volumes.custom ?? []).map(({ name }) => name)
  names.forEach((name, index) => {
    if (names.indexOf(name) < index)
      faults.push({ pointer: pointerOf('volumes', 'custom', index, 'name'), detail: `repeats ${name}` })
  })
  const workingDirFault = workingDir === undefined || workingDir === '/' ? undefined : pathFault(workingDir)
  if (workingDirFault) faults.push({ pointer: '/workingDir', detail: workingDirFault })
  return faults
}

function mountsOf(volumes: WorkloadSpec['volumes']): readonly { pointer: string; path: string }[] {
  const single = (['state', 'secrets', 'comm'] as const).flatMap((name) => {
    const volume = volumes[name]
    return volume ? [{ pointer: pointerOf('volumes', name, 'containerPath'), path: volume.containerPath }] : []
  })
  const custom = (volumes.custom ?? []).map(({ containerPath }, index) => ({
    pointer: pointerOf('volumes', 'custom', index, 'containerPath'),
    path: containerPath,
  }))
  return [...single, ...custom]
}

function pathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must be absolute'
  if (path === '/') return 'must not be /'
  const steps = path.slice(1).split('/')
  const isNormal = steps.every((step) => step !== '' && step !== '.' && step !== '..')
  // A colon or a comma would end the path in the engine's own notation of a mount.
  if (/[:,]/.test(path)) return 'must not hold a colon or a comma'
  return isNormal ? undefined : 'must be normalised: no empty step, no . or .., no slash at the end'
}

function reservedFault(path: string): string | undefined {
  const hit = reserved.find((root) => isSameOrBelow(path, root))
  return hit && `must not be ${hit} or below it`
}

const isSameOrBelow = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`)
