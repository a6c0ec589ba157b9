import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Progress } from '../bootstrap/progress.ts'
import { lastLines, runCommand } from '../bootstrap/run-command.ts'
import { SetUpFailure } from '../bootstrap/set-up-failure.ts'
import { layOutRootfs, librariesOf } from './bun-rootfs.ts'
import { engineCall } from './engine-call.ts'
import { baseBasis, baseImage, contextFiles, derivedImages, recipeDigest, tagOf } from './image-context.ts'
import { tarOf } from './tar-of.ts'

export interface BuildOptions {
  readonly root: string
  readonly bun: string
  readonly progress: Progress
}

/** A label of the image: what it was built from, so that an unchanged one is not built again. */
const digestLabel = 'io.boilerhouse.example-digest'

/** Builds the example images that are missing or out of date, from local files alone, with the classic builder. */
export async function buildExampleImages(options: BuildOptions): Promise<void> {
  const { root, bun } = options
  const parts = { bun, busybox: join(root, '.tools/bin/busybox') }
  const basis = await baseBasis(parts.busybox, await librariesOf(bun))
  const baseDigest = await ensureImage(baseImage, basis, options, (staged) => stageRootfs(staged, parts))
  await Promise.all(derivedImages.map((name) => ensureImage(name, baseDigest, options)))
}

/** Builds `boilerhouse/<name>` from `examples/<name>` unless it was built from just that. Returns what stands for its content. */
async function ensureImage(
  name: string,
  basis: string,
  { root, progress }: BuildOptions,
  stage?: (staged: string) => Promise<void>,
): Promise<string> {
  const source = join(root, 'examples', name)
  const digest = await recipeDigest(source, basis)
  if ((await builtDigest(name)) === digest) return digest
  progress.working(`building ${tagOf(name)} from local files`)
  await mkdir(join(root, 'examples/.staged'), { recursive: true })
  const staged = await mkdtemp(join(root, 'examples/.staged', `${name}-`))
  try {
    for (const file of await contextFiles(source)) await copyFile(join(source, file), join(staged, file))
    await stage?.(staged)
    await build(name, staged, digest)
  } finally {
    await rm(staged, { recursive: true, force: true })
  }
  return digest
}

async function stageRootfs(staged: string, parts: { bun: string; busybox: string }): Promise<void> {
  const rootfs = join(staged, '.rootfs')
  await layOutRootfs(rootfs, parts)
  const packed = await runCommand([...tarOf(rootfs), '-cf', join(staged, 'rootfs.tar'), '.'])
  if (packed.exitCode !== 0)
    throw new SetUpFailure(`tar failed:\n${lastLines(packed.output, 5)}`, 'Free disk space, then run this again.')
  await rm(rootfs, { recursive: true })
}

/** An image that is replaced is not removed: a running server may still start containers from it by its id. */
async function builtDigest(name: string): Promise<string | undefined> {
  const response = await engineCall(`/images/${tagOf(name)}/json`)
  if (!response.ok) return undefined
  const image = (await response.json()) as { Config?: { Labels?: Record<string, string> | null } }
  return image.Config?.Labels?.[digestLabel]
}

async function build(name: string, staged: string, digest: string): Promise<void> {
  const query = new URLSearchParams({
    t: tagOf(name),
    version: '1',
    rm: 'true',
    forcerm: 'true',
    labels: JSON.stringify({ [digestLabel]: digest }),
  })
  const tar = Bun.spawn([...tarOf(staged), '-c', '.'], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'ignore',
  })
  const response = await engineCall(`/build?${query}`, {
    method: 'POST',
    body: tar.stdout,
    contentType: 'application/x-tar',
    timeoutMs: 120_000,
  })
  const log = await response.text()
  const error = log.split('\n').find((line) => line.includes('"error"'))
  if (response.ok && !error) return
  throw new SetUpFailure(
    `The image ${tagOf(name)} could not be built:\n${lastLines(error ?? log, 5)}`,
    'Correct what the engine says, then run `npm start` again.',
  )
}
