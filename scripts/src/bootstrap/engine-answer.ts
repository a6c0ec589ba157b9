import { access, constants } from 'node:fs/promises'

/** What an engine says of itself; only what the set-up asks about. */
export interface EngineInfo {
  readonly version: string
  readonly hasLiveRestore: boolean
  readonly isDesktop: boolean
}

export type EngineAnswer =
  | { readonly kind: 'answers'; readonly info: EngineInfo }
  | { readonly kind: 'denied' }
  | { readonly kind: 'silent'; readonly reason: string }

const defaultSocket = '/var/run/docker.sock'

/** The socket that DOCKER_HOST names; `undefined` where it leads to another machine. */
export function engineSocket(dockerHost: string | undefined): string | undefined {
  if (!dockerHost) return defaultSocket
  if (dockerHost.startsWith('unix://')) return dockerHost.slice('unix://'.length)
  return undefined
}

/** Asks once; an engine that is there answers within `timeoutMs`. */
export async function askEngine(socket: string, timeoutMs: number): Promise<EngineAnswer> {
  try {
    const response = await fetch('http://engine/info', { unix: socket, signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) return { kind: 'silent', reason: `it answered ${response.status}` }
    const info = (await response.json()) as { ServerVersion?: string; LiveRestoreEnabled?: boolean; OperatingSystem?: string }
    return {
      kind: 'answers',
      info: {
        version: info.ServerVersion ?? 'unknown',
        hasLiveRestore: info.LiveRestoreEnabled === true,
        isDesktop: /docker desktop/i.test(info.OperatingSystem ?? ''),
      },
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    if (await isDenied(socket)) return { kind: 'denied' }
    return { kind: 'silent', reason: code ?? message }
  }
}

/** Bun's fetch does not tell "no permission" from "nobody listens". */
function isDenied(socket: string): Promise<boolean> {
  return access(socket, constants.R_OK | constants.W_OK).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'EACCES',
  )
}
