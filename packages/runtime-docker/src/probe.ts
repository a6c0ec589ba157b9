import { request } from 'node:http'
import { connect } from 'node:net'

import { Fault, type Clock, type ContainerId } from '@boilerhouse/base'
import type { ContainerAddress, HealthCheck } from '@boilerhouse/resources'
import type { ExecRequest, ExecResult, ProbeResult, Runtime } from '@boilerhouse/runtime'

export interface ProbeDeps {
  readonly clock: Clock
  readonly exec: (containerId: ContainerId, request: ExecRequest, signal: AbortSignal) => Promise<ExecResult>
}

/** Undefined is a pass; a text says why it failed. */
type Outcome = string | undefined

const maxOutputBytes = 2048

/** Sockets are closed whatever comes; nothing here reads a proxy from the environment. */
export function createProbe({ clock, exec }: ProbeDeps): Runtime['probe'] {
  const attempt = (
    containerId: ContainerId,
    address: ContainerAddress,
    check: HealthCheck,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    if (check.command) return probeCommand(exec, containerId, check.command, check.timeoutMs, signal)
    const port = check.http?.port ?? check.tcp?.port
    if (address.ip === undefined || port === undefined) return Promise.resolve('the container has no address')
    if (check.http) return probeHttp({ host: address.ip, port, path: check.http.path }, signal)
    return probeTcp({ host: address.ip, port }, signal)
  }
  return async (containerId, address, check, signal): Promise<ProbeResult> => {
    signal.throwIfAborted()
    const startedMs = clock.monotonicMs()
    const timeout = AbortSignal.timeout(check.timeoutMs)
    const outcome = await attempt(containerId, address, check, AbortSignal.any([signal, timeout])).catch(
      (error: unknown): Outcome => {
        signal.throwIfAborted()
        if (timeout.aborted) return `no answer within ${check.timeoutMs} ms`
        throw error
      },
    )
    const durationMs = clock.monotonicMs() - startedMs
    return outcome === undefined ? { ok: true, durationMs } : { ok: false, durationMs, detail: outcome }
  }
}

async function probeCommand(
  exec: ProbeDeps['exec'],
  containerId: ContainerId,
  command: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const result = await exec(containerId, { command, timeoutMs, maxOutputBytes }, signal)
    if (result.exitCode === 0) return undefined
    const said = Buffer.from(result.stderr.length > 0 ? result.stderr : result.stdout)
      .toString()
      .trim()
    return `exit code ${result.exitCode}${said === '' ? '' : `: ${said}`}`
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    // The container's own fault, not the engine's: it is gone, stopped or paused, or the command hangs.
    if (['container.exec_timeout', 'container.conflict', 'runtime.container_gone'].includes(error.code)) return error.message
    throw error
  }
}

interface Target {
  readonly host: string
  readonly port: number
}

function probeHttp(target: Target & { readonly path: string }, signal: AbortSignal): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const probe = request({ ...target, agent: false, signal, headers: { 'user-agent': 'boilerhouse-probe', connection: 'close' } })
  probe.on('response', (response) => {
    const status = response.statusCode ?? 0
    response.destroy()
    resolve(status >= 200 && status < 400 ? undefined : `HTTP status ${status}`)
  })
  probe.on('error', (error) => (signal.aborted ? reject(error) : resolve(error.message)))
  probe.end()
  return promise.finally(() => probe.destroy())
}

function probeTcp(target: Target, signal: AbortSignal): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const socket = connect({ ...target, signal })
  socket.on('connect', () => resolve(undefined))
  socket.on('error', (error) => (signal.aborted ? reject(error) : resolve(error.message)))
  return promise.finally(() => socket.destroy())
}
