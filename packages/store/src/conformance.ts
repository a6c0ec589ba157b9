import { describe } from 'bun:test'

import { activateConformance } from './conformance/activate-conformance.ts'
import { catalogueConformance } from './conformance/catalogue-conformance.ts'
import { claimConformance } from './conformance/claim-conformance.ts'
import { containerConformance } from './conformance/container-conformance.ts'
import { eventConformance } from './conformance/event-conformance.ts'
import { historyConformance } from './conformance/history-conformance.ts'
import { leaseConformance } from './conformance/lease-conformance.ts'
import { recordConformance } from './conformance/record-conformance.ts'
import { useStore, type StoreConformanceOptions } from './conformance/store-under-test.ts'

export type { StoreBacking, StoreConformanceOptions } from './conformance/store-under-test.ts'

/**
 * Every promise of the `Store` port, as tests. An adapter calls it from a test file of its own with a way to make empty data and
 * to connect to it. Times: the suite's clock is real time that it jumps ahead, so `nowMs` and `monotonicMs` must come from it.
 */
export function storeConformance(options: StoreConformanceOptions): void {
  describe(`store conformance: ${options.name}`, () => {
    const at = useStore(options)
    catalogueConformance(at)
    containerConformance(at)
    claimConformance(at)
    activateConformance(at)
    historyConformance(at)
    leaseConformance(at)
    eventConformance(at)
    recordConformance(at)
  })
}
