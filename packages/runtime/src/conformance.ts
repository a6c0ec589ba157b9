import { describe } from 'bun:test'

import { delivering } from './conformance/delivering.ts'
import { ending } from './conformance/ending.ts'
import { executing } from './conformance/executing.ts'
import { keepingState } from './conformance/keeping-state.ts'
import { logging } from './conformance/logging.ts'
import { measuring } from './conformance/measuring.ts'
import { networks } from './conformance/networks.ts'
import { probing } from './conformance/probing.ts'
import { readingAndWritingFiles } from './conformance/reading-and-writing-files.ts'
import { sharingAnEngine } from './conformance/sharing-an-engine.ts'
import { starting } from './conformance/starting.ts'
import { startingParked } from './conformance/starting-parked.ts'
import { sweeping } from './conformance/sweeping.ts'
import { watching } from './conformance/watching.ts'
import { useRuntime, type RuntimeConformanceOptions } from './conformance/runtime-under-test.ts'

export * from './conformance-subject.ts'

/**
 * Every promise of `Runtime`, as tests. `create` opens a fresh installation; the suite makes its own pools and containers, removes
 * them and disposes the subject.
 */
export function runtimeConformance(harness: RuntimeConformanceOptions): void {
  describe(`runtime ${harness.name}`, () => {
    const at = useRuntime(harness)
    starting(at)
    ending(at)
    watching(at)
    delivering(at)
    startingParked(at)
    keepingState(at)
    probing(at)
    executing(at)
    logging(at)
    readingAndWritingFiles(at)
    measuring(at)
    networks(at)
    sweeping(at)
    sharingAnEngine(at)
  })
}
