import type { FieldFault } from '@boilerhouse/base'

import type { PoolSpec } from './pool.ts'

/** What the schema of a pool cannot say. */
export function poolFaults(spec: Pick<PoolSpec, 'minSize' | 'maxSize'>): readonly FieldFault[] {
  if (spec.minSize <= spec.maxSize) return []
  return [{ pointer: '/minSize', detail: `must not be above maxSize (${spec.maxSize}), got ${spec.minSize}` }]
}

/** `POST /pools/:id/scale {size}`: the size becomes minSize. */
export function scaleFaults(size: number, maxSize: number): readonly FieldFault[] {
  return size <= maxSize ? [] : [{ pointer: '/size', detail: `must not be above the pool's maxSize (${maxSize}), got ${size}` }]
}
