import { Fault } from '@boilerhouse/base'

import type { FakeContainer, FakeInstallation } from './fake-engine.ts'
import { fakeTar } from './fake-tar.ts'

/** Files by path. Directories are not kept: they are what paths have in common. */
export type FakeFiles = Map<string, Uint8Array>

/** What a container sees at a path, put together from its slot, its state volume and its own layer. */
export interface FakeView {
  read(path: string): Uint8Array | undefined
  /** Files below a directory, by path relative to it; undefined where there is no such directory. */
  below(path: string): FakeFiles | undefined
  /** Throws `container.file_denied` and `container.file_not_found` as a file system would refuse. */
  write(path: string, body: Uint8Array): void
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

export function fakeView(installation: FakeInstallation, container: FakeContainer): FakeView {
  const { spec } = container
  const statePath = spec.workload.volumes.state?.containerPath
  const all = (): FakeFiles => {
    const files = new Map(container.scratch)
    for (const [path, body] of slotFiles(installation, container)) files.set(path, body)
    for (const [name, entry] of installation.volumes.get(spec.containerId) ?? [])
      for (const [rest, body] of entry) files.set(join(statePath ?? '/', name, rest), body)
    return files
  }
  const directories = ['/', '/tmp', '/boilerhouse', '/bin', ...(statePath ? [statePath] : [])]
  const below = (path: string): FakeFiles | undefined => {
    const prefix = path.endsWith('/') ? path : `${path}/`
    const found = [...all()].filter(([each]) => each.startsWith(prefix))
    if (found.length === 0 && !directories.includes(path)) return undefined
    return new Map(found.map(([each, body]) => [each.slice(prefix.length), body]))
  }
  return {
    read: (path) => all().get(path),
    below,
    write(path, body) {
      const parent = path.slice(0, path.lastIndexOf('/')) || '/'
      if (path.startsWith('/boilerhouse/')) throw new Fault('container.file_denied', `${path}: read-only file system`)
      if (statePath && path.startsWith(`${statePath}/`)) {
        if (!below(parent)) throw new Fault('container.file_not_found', `${parent}: no such directory`)
        const [name = '', ...rest] = path.slice(statePath.length + 1).split('/')
        return void stateEntry(installation, container, name).set(rest.join('/'), body)
      }
      if (!path.startsWith('/tmp/')) throw new Fault('container.file_denied', `${path}: read-only file system`)
      container.scratch.set(path, body)
    },
  }
}

export function readFakeFile(view: FakeView, path: string) {
  const body = view.read(path)
  if (body) return { kind: 'file' as const, sizeBytes: body.byteLength, body: streamOf(body) }
  const files = view.below(path)
  if (!files) throw new Fault('container.file_not_found', `${path}: no such file`)
  return { kind: 'directory' as const, body: streamOf(fakeTar(files)) }
}

/** Reads a body up to a limit; `request.too_large` beyond it. */
export async function readLimited(body: ReadableStream<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of body) {
    sizeBytes += chunk.byteLength
    if (sizeBytes > limitBytes) throw new Fault('request.too_large', `The file is larger than ${limitBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function stateEntry(installation: FakeInstallation, container: FakeContainer, name: string): FakeFiles {
  const volume = installation.volumes.get(container.spec.containerId) ?? new Map<string, FakeFiles>()
  installation.volumes.set(container.spec.containerId, volume)
  const entry = volume.get(name) ?? new Map<string, Uint8Array>()
  volume.set(name, entry)
  return entry
}

function slotFiles(installation: FakeInstallation, { spec }: FakeContainer): FakeFiles {
  const delivery = installation.slots.get(spec.containerId)?.delivery
  if (!delivery) return new Map()
  const { config, secrets, start: _, ...claim } = delivery
  const files: FakeFiles = new Map([
    ['/boilerhouse/claim.json', encode(claim)],
    ['/boilerhouse/config.json', encode(config)],
  ])
  for (const [name, value] of secrets) {
    files.set(`/boilerhouse/secrets/${name}`, value)
    const path = spec.workload.volumes.secrets?.containerPath
    if (path) files.set(join(path, name), value)
  }
  return files
}

const join = (...parts: readonly string[]) => parts.filter(Boolean).join('/').replaceAll('//', '/')
const streamOf = (body: Uint8Array) => new Response(new Uint8Array(body)).body ?? new ReadableStream<Uint8Array>()
