import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve } from 'node:path'

import { Fault } from '@boilerhouse/base'

export interface BuildContext {
  /** Absolute, without links. */
  readonly context: string
  /** Relative to it. */
  readonly dockerfile?: string
}

/**
 * Where a build reads from: below the workloads directory once every link is followed. What cannot be followed is answered like what
 * lies outside, so that nobody learns which files the host has.
 */
export async function resolveBuildContext(
  workloadsDir: string,
  build: { readonly context: string; readonly dockerfile?: string },
): Promise<BuildContext> {
  const root = await follow(workloadsDir, workloadsDir)
  const context = await follow(resolve(root, build.context), build.context)
  if (!isBelow(root, context)) throw outside(build.context)
  if (!(await stat(context)).isDirectory()) throw outside(build.context)
  if (build.dockerfile === undefined) return { context }
  const dockerfile = await follow(join(context, build.dockerfile), build.dockerfile)
  if (!isBelow(context, dockerfile)) throw outside(build.dockerfile)
  return { context, dockerfile: relative(context, dockerfile) }
}

async function follow(path: string, shown: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (cause) {
    throw outside(shown, cause)
  }
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path)
  return way === '' || (!way.startsWith('..') && !isAbsolute(way))
}

const outside = (path: string, cause?: unknown) =>
  new Fault('workload.context_outside', `${path} is not below the workloads directory, links included, or is not there`, {
    cause,
  })
