import type { ContainerId, WorkloadId } from '@boilerhouse/base'
import type { HealthCheck } from '@boilerhouse/resources'

import type { ContainerSpec, ExecRequest, ExecResult, ImageFacts, LogLine } from '../runtime.ts'
import { fakeImage } from './fake-image.ts'

/** `hang` fails once `check.timeoutMs` is over. */
export type FakeProbe = 'pass' | 'fail' | 'hang'

/** The workload's own process, handed over once it runs. */
export interface FakeProcess {
  readonly spec: ContainerSpec
  readonly environment: Readonly<Record<string, string>>
  write(path: string, text: string): void
  log(stream: LogLine['stream'], text: string): void
  exit(exitCode: number): void
}

export interface FakeCall {
  readonly containerId: ContainerId
  readonly spec: ContainerSpec
}

/** What the fake's containers do. Set the fields; they hold for every runtime on the engine. */
export interface FakeBehaviour {
  /** From create to running. */
  startDelayMs: number
  /** From stop to exited, where it is below the caller's timeout. */
  stopDelayMs: number
  /** The workload's process has started; throwing fails the start. */
  onStarted: (process: FakeProcess) => void
  /** May never resolve: the call's own timeout ends it. */
  onExec: (call: FakeCall & { readonly request: ExecRequest }) => ExecResult | Promise<ExecResult>
  onProbe: (call: FakeCall & { readonly check: HealthCheck }) => FakeProbe
  onBuild: (input: {
    readonly workloadId: WorkloadId
    readonly context: string
    readonly onLog: (text: string) => void
  }) => ImageFacts
  /** Before each entry is moved; throwing there is a kill in the middle. */
  onMove: (step: { readonly kind: 'keep' | 'restore'; readonly entry: string }) => void
}

export const execResult = (exitCode: number, stdout = '', stderr = ''): ExecResult => ({
  exitCode,
  stdout: new TextEncoder().encode(stdout),
  stderr: new TextEncoder().encode(stderr),
  truncated: false,
})

export const defaultBehaviour = (): FakeBehaviour => ({
  startDelayMs: 0,
  stopDelayMs: 0,
  onStarted: () => {},
  onExec: () => execResult(0),
  onProbe: () => 'pass',
  onBuild: ({ workloadId, onLog }) => {
    onLog(`Built ${workloadId}\n`)
    return fakeImage(`sha256:built-${workloadId}`)
  },
  onMove: () => {},
})
