import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createProgress } from '../scripts/src/bootstrap/progress.ts'
import { buildExampleImages } from '../scripts/src/example-images/build-images.ts'
import { engineCall } from '../scripts/src/example-images/engine-call.ts'

const root = join(import.meta.dirname, '..')

/** Builds what is missing; quick where `npm start` or another test did. */
export const buildExamples = (): Promise<void> =>
  buildExampleImages({ root, bun: process.execPath, progress: createProgress(() => {}) })

export interface HardenedContainer extends AsyncDisposable {
  readonly id: string
  /** Runs a command in the container; stdout and stderr together. */
  exec(command: readonly string[]): Promise<{ exitCode: number; output: string }>
  /** Runs a program of Bun in the container, until it prints something; the server may still be starting. */
  evaluate(code: string): Promise<string>
  /** SIGTERM, then the exit code. */
  stop(): Promise<number>
}

export interface HardenedOptions {
  readonly image: string
  /** Path on the host -> path in the container, with `:ro` for read-only. */
  readonly binds?: readonly string[]
  readonly pids?: number
}

/** Starts an image as the product does: read-only root, no capability, no network, uid 1000, 512 MB, few processes. */
export async function startHardened({ image, binds = [], pids = 64 }: HardenedOptions): Promise<HardenedContainer> {
  const created = await send('/containers/create', {
    Image: image,
    User: '1000',
    Labels: { 'io.boilerhouse.example-test': '1' },
    HostConfig: {
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      Init: true,
      NetworkMode: 'none',
      Memory: 512 * 1024 * 1024,
      MemorySwap: 512 * 1024 * 1024,
      NanoCpus: 1_000_000_000,
      PidsLimit: pids,
      Binds: binds,
      Tmpfs: { '/tmp': 'rw,nosuid,nodev,mode=1777,size=64m' },
    },
  })
  const { Id: id } = (await created.json()) as { Id: string }
  const dispose = async () => void (await engineCall(`/containers/${id}?force=true&v=true`, { method: 'DELETE' }))
  try {
    await send(`/containers/${id}/start`)
  } catch (error) {
    await dispose()
    throw error
  }
  const exec = (command: readonly string[]) => execIn(id, command)
  return {
    id,
    exec,
    async evaluate(code) {
      const { exitCode, output } = await exec(['bun', '--smol', '-e', code])
      if (exitCode !== 0) throw new Error(`Bun in the container ended with ${exitCode}: ${output}`)
      return output.trim()
    },
    async stop() {
      await send(`/containers/${id}/stop?t=10`)
      const response = await engineCall(`/containers/${id}/json`)
      return ((await response.json()) as { State: { ExitCode: number } }).State.ExitCode
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** A directory for one test, gone with it. */
export async function temporaryDirectory(name: string): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), `bh-${name}-`))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** In the container: calls its server, again while it is starting. */
export const fetchInside = (path: string, init = '{}'): string => `
  for (let i = 0; ; i++) {
    try {
      const answer = await fetch('http://127.0.0.1:8080${path}', ${init})
      console.log(answer.status, await answer.text())
      break
    } catch (error) {
      if (i === 100) throw error
      await Bun.sleep(50)
    }
  }`

async function send(path: string, body?: unknown): Promise<Response> {
  const response = await engineCall(path, { method: 'POST', ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response
}

async function execIn(id: string, command: readonly string[]): Promise<{ exitCode: number; output: string }> {
  const made = await send(`/containers/${id}/exec`, { Cmd: command, AttachStdout: true, AttachStderr: true, Tty: false })
  const { Id: execId } = (await made.json()) as { Id: string }
  const started = await send(`/exec/${execId}/start`, { Detach: false, Tty: false })
  const output = frames(Buffer.from(await started.arrayBuffer()))
  const { ExitCode: exitCode } = (await (await engineCall(`/exec/${execId}/json`)).json()) as { ExitCode: number }
  return { exitCode, output }
}

/** The engine sends frames: a byte that names the stream, three zeros, the length, the bytes. */
function frames(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 4)
    text += bytes.subarray(at + 8, at + 8 + length).toString()
    at += 8 + length
  }
  return text
}
