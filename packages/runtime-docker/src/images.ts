import { isAbsolute, normalize } from 'node:path'
import { Readable } from 'node:stream'

import { Fault } from '@boilerhouse/base'
import type { ImageFacts, Runtime } from '@boilerhouse/runtime'
import type Docker from 'dockerode'

import { tarOfContext } from './build-context.ts'
import type { Engine } from './engine.ts'
import { labels } from './labels.ts'

export interface Images {
  readonly inspect: Runtime['inspectImage']
  readonly build: Runtime['build']
}

type BuildInput = Parameters<Runtime['build']>[0]

const buildTimeoutMs = 1_800_000
const keptLines = 20

export function createImages(engine: Engine, installation: string): Images {
  const inspect: Images['inspect'] = async (image, signal) => {
    requireReference(image)
    const call = { name: 'image.inspect', subject: 'image', signal } as const
    return factsOf(await engine.call(call, (docker) => docker.getImage(image).inspect()))
  }
  return {
    inspect,
    async build(input, signal) {
      const call = { name: 'image.build', subject: 'build', signal, timeoutMs: buildTimeoutMs } as const
      await engine.call(call, (docker, abortSignal) => build(docker, installation, input, abortSignal))
      return inspect(tagOf(installation, input), signal)
    },
  }
}

/** `[host[:port]/]path[:tag][@digest]`, or an id. The engine's client puts it into a URL as it is: `..`, `?` and `#` would make it another call. */
const reference =
  /^[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)*(?::\d{1,5}(?=\/))?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@?sha256:[0-9a-f]{64})?$/

function requireReference(image: string): void {
  if (image.length <= 512 && reference.test(image)) return
  throw new Fault('runtime.image_not_found', `${JSON.stringify(image)} is not a name of an image`)
}

const tagOf = (installation: string, { workloadId }: BuildInput): string => `boilerhouse-${installation}/${workloadId}:latest`

async function build(docker: Docker, installation: string, input: BuildInput, signal: AbortSignal): Promise<void> {
  const dockerfile = normalize(input.dockerfile ?? 'Dockerfile')
  if (isAbsolute(dockerfile) || dockerfile.startsWith('..')) {
    throw new Fault('workload.context_outside', `Cannot use the Dockerfile ${dockerfile}: it lies outside the context`)
  }
  const context = Readable.from(tarOfContext(input.context, dockerfile))
  const stream = (await docker.buildImage(context, {
    t: tagOf(installation, input),
    dockerfile,
    labels: { [labels.installation]: installation, [labels.workload]: input.workloadId },
    rm: true,
    forcerm: true,
    abortSignal: signal,
  })) as Readable
  const end = () => stream.destroy()
  signal.addEventListener('abort', end, { once: true })
  try {
    await followBuild(stream, input.onLog)
  } finally {
    signal.removeEventListener('abort', end)
  }
}

/** The engine answers 200 before it builds: whether it could is said in the stream alone. */
async function followBuild(stream: Readable, onLog: (text: string) => void): Promise<void> {
  const last: string[] = []
  const decoder = new TextDecoder()
  let left = ''
  for await (const chunk of stream) {
    const lines = (left + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n')
    left = lines.pop() ?? ''
    for (const line of lines) readLine(line, last, onLog)
  }
  if (left.trim() !== '') readLine(left, last, onLog)
}

function readLine(line: string, last: string[], onLog: (text: string) => void): void {
  if (line.trim() === '') return
  const { stream, error } = JSON.parse(line) as { stream?: string; error?: string }
  const text = stream ?? error
  if (text !== undefined) {
    onLog(text)
    last.push(text)
    if (last.length > keptLines) last.shift()
  }
  if (error !== undefined) throw new Fault('runtime.build_failed', last.join('').trim() || error)
}

function factsOf(info: Docker.ImageInspectInfo): ImageFacts {
  const { Entrypoint, Cmd, WorkingDir, Env, ExposedPorts, User } = info.Config
  return {
    imageId: info.Id,
    entrypoint: typeof Entrypoint === 'string' ? [Entrypoint] : (Entrypoint ?? []),
    command: Cmd ?? [],
    workingDir: WorkingDir || '/',
    environment: Object.fromEntries((Env ?? []).map(splitVariable)),
    exposedPorts: Object.keys(ExposedPorts ?? {}).map((port) => Number.parseInt(port, 10)),
    user: User,
  }
}

function splitVariable(variable: string): [string, string] {
  const at = variable.indexOf('=')
  return at < 0 ? [variable, ''] : [variable.slice(0, at), variable.slice(at + 1)]
}
