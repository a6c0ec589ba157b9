import { Agent } from 'node:http'
import { inspect } from 'node:util'

import { Fault, type Clock, type Metrics } from '@boilerhouse/base'
import Docker from 'dockerode'

import { engineFault, type EngineSubject } from './engine-fault.ts'

export interface EngineDeps {
  /** As the setting says; the default socket where not given. */
  readonly dockerHost?: string
  readonly clock: Clock
  readonly metrics: Metrics
}

export interface EngineCall {
  /** For the metric: short and constant. */
  readonly name: string
  readonly subject: EngineSubject
  readonly signal: AbortSignal
  /** 30 s where not given. */
  readonly timeoutMs?: number
}

/** The one way to the engine: every call is timed, ends after its timeout, and throws Faults only (or the caller's abort). */
export interface Engine {
  readonly socketPath: string
  call<T>(call: EngineCall, action: (docker: Docker, abortSignal: AbortSignal) => Promise<T>): Promise<T>
  /** For streams that outlive a call; the caller ends them. */
  readonly docker: Docker
  close(): void
}

const defaultTimeoutMs = 30_000

export function createEngine({ dockerHost, clock, metrics }: EngineDeps): Engine {
  const socketPath = localSocketPath(dockerHost)
  const agent = Object.assign(new Agent({ keepAlive: true, maxFreeSockets: 16 }), {
    // The client's debug line inspects its options on every call, at any depth: with the agent's sockets that was most of our cpu.
    [inspect.custom]: () => 'agent',
  })
  // `host: undefined` keeps the client from reading DOCKER_HOST by itself.
  const options: Docker.DockerOptions & { agent: Agent } = { socketPath, agent, host: undefined }
  const docker = new Docker(options)
  return {
    socketPath,
    docker,
    async call({ name, subject, signal, timeoutMs = defaultTimeoutMs }, action) {
      signal.throwIfAborted()
      const startedMs = clock.monotonicMs()
      const timeout = AbortSignal.timeout(timeoutMs)
      let outcome = 'ok'
      try {
        return await abortable(action(docker, AbortSignal.any([signal, timeout])), AbortSignal.any([signal, timeout]))
      } catch (error) {
        const mapped = callError(error, { name, subject, signal, timeout, timeoutMs })
        outcome = mapped instanceof Fault ? mapped.code : 'aborted'
        throw mapped
      } finally {
        metrics.observe('engine_call_seconds', { call: name, outcome }, (clock.monotonicMs() - startedMs) / 1000)
      }
    },
    close: () => agent.destroy(),
  }
}

/** The server prepares files and rules on the engine's own host, so only its Unix socket will do. */
export function localSocketPath(dockerHost: string | undefined): string {
  const path = dockerHost === undefined || dockerHost === '' ? '/var/run/docker.sock' : unixPath(dockerHost)
  if (path === undefined) {
    throw new Fault('setting.invalid', `Cannot use DOCKER_HOST=${dockerHost}: the engine must run on this host`, {
      remedy: "Run the server on the engine's host and set DOCKER_HOST=unix:///var/run/docker.sock.",
    })
  }
  if (/\/\.docker\/(desktop|run)\//.test(path)) throw desktopFault(path)
  return path
}

export const desktopFault = (what: string): Fault =>
  new Fault('setting.invalid', `Cannot use Docker Desktop (${what}): its engine runs in a machine of its own`, {
    remedy: 'Install Docker Engine on this host and set DOCKER_HOST=unix:///var/run/docker.sock.',
  })

const unixPath = (dockerHost: string): string | undefined =>
  dockerHost.startsWith('unix://') ? dockerHost.slice(7) : dockerHost.startsWith('/') ? dockerHost : undefined

interface FailedCall extends Required<EngineCall> {
  readonly timeout: AbortSignal
}

function callError(error: unknown, { name, subject, signal, timeout, timeoutMs }: FailedCall): unknown {
  if (signal.aborted) return signal.reason
  if (timeout.aborted) {
    return new Fault('runtime.timeout', `The engine did not answer ${name} within ${timeoutMs} ms`, { cause: error })
  }
  const mapped = engineFault(error, subject)
  if (mapped instanceof Fault) return mapped
  return new Fault('runtime.engine_failed', `The engine call ${name} failed: ${String(mapped)}`, { cause: error })
}

/** dockerode does not hand the signal to every call: the caller is let go in any case. */
async function abortable<T>(action: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([action, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
