import { newContainerId, newId, systemClock, type ContainerId, type PoolId } from '@boilerhouse/base'
import type { WorkloadSpec } from '@boilerhouse/resources'
import { afterAll, afterEach, beforeAll, test } from 'bun:test'

import { conformanceSpec, conformanceWorkload, type ConformanceProgram, type ConformanceSubject } from '../conformance-subject.ts'
import type { ContainerSpec, ExecResult, Runtime } from '../runtime.ts'
import { stream } from './bytes.ts'

export interface RuntimeConformanceOptions {
  readonly name: string
  /** Opens a fresh installation; the suite disposes it. */
  create(): Promise<ConformanceSubject>
}

/** One installation for the whole suite, with one pool; every container a test asks for is destroyed after that test. */
export interface RuntimeUnderTest {
  readonly subject: ConformanceSubject
  readonly runtime: Runtime
  readonly poolId: PoolId
  /** A new container's spec, of the suite's pool where no other is named. */
  spec(program?: ConformanceProgram, change?: Partial<WorkloadSpec>, pool?: PoolId): ContainerSpec
  /** The same, started. */
  run(program?: ConformanceProgram, change?: Partial<WorkloadSpec>): Promise<ContainerId>
  read(containerId: ContainerId, path: string): Promise<string>
  write(containerId: ContainerId, path: string, value: string): Promise<{ readonly sizeBytes: number }>
  exec(
    containerId: ContainerId,
    command: readonly string[],
    change?: { stdin?: Uint8Array; workingDir?: string },
  ): Promise<ExecResult>
}

const deadlineMs = 30_000

export const never = new AbortController().signal
export const newPoolId = (): PoolId => newId<'pool'>('pool', systemClock.nowMs())
export const it = (sentence: string, body: () => Promise<void>): void => test(sentence, body, deadlineMs)

/** Opens and closes the runtime around the tests of the enclosing `describe`. */
export function useRuntime(options: RuntimeConformanceOptions): RuntimeUnderTest {
  let opened: ConformanceSubject | undefined
  let imageId: string
  const poolId = newPoolId()
  const started = new Set<ContainerId>()

  const subject = () => {
    if (!opened) throw new Error('Cannot use the runtime: it exists only while a test runs')
    return opened
  }
  const spec: RuntimeUnderTest['spec'] = (program = 'sleep', change = {}, pool = poolId) => {
    const containerId = newContainerId(systemClock.nowMs())
    started.add(containerId)
    return conformanceSpec(containerId, pool, imageId, { ...conformanceWorkload(program, subject().image), ...change })
  }

  beforeAll(async () => {
    opened = await options.create()
    const { runtime, image } = opened
    imageId = (await runtime.inspectImage(image, never)).imageId
    const subnet = await runtime.chooseSubnet(20, [], never)
    await runtime.ensureNetwork({ poolId, access: 'none', maxSize: 20, subnet }, never)
  }, deadlineMs)
  afterEach(async () => {
    await Promise.all([...started].map((containerId) => subject().runtime.destroy(containerId, never)))
    started.clear()
  }, deadlineMs)
  afterAll(async () => {
    await subject().runtime.destroyNetwork(poolId, never)
    await subject()[Symbol.asyncDispose]()
  }, deadlineMs)

  return {
    get subject() {
      return subject()
    },
    get runtime() {
      return subject().runtime
    },
    poolId,
    spec,
    async run(program, change) {
      const wanted = spec(program, change)
      await subject().runtime.ensure(wanted, never)
      return wanted.containerId
    },
    read: async (containerId, path) => new Response((await subject().runtime.readFile(containerId, path, never)).body).text(),
    write: (containerId, path, value) => subject().runtime.writeFile(containerId, path, stream(value), 1_000_000, never),
    exec: (containerId, command, change = {}) =>
      subject().runtime.exec(containerId, { command, timeoutMs: 10_000, maxOutputBytes: 100_000, ...change }, never),
  }
}
