import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'

import type { ContainerSpec } from '@boilerhouse/runtime'

import type { SlotPaths } from './layout.ts'
import { parkScript } from './park-script.ts'
import { writeBeside } from './write-beside.ts'

/** Makes the slot a container is started with. Safe to call again; what a claim delivered stays. */
export function prepareSlot(paths: SlotPaths, spec: ContainerSpec): void {
  for (const directory of [paths.root, paths.box, join(paths.box, 'bin'), paths.secrets]) makeDirectory(directory, 0o755)
  makeDirectory(paths.temporary, 0o700)
  if (spec.workload.warmth !== 'parked') return
  makePipe(join(paths.box, 'wake'))
  makePipe(join(paths.box, 'ack'))
  writeBeside(paths.temporary, join(paths.box, 'park'), parkScript)
}

export const removeSlot = (paths: SlotPaths): void => rmSync(paths.root, { recursive: true, force: true })

/** Which delivery is in the slot, as `claim.json` says; undefined where none is complete. */
export function readMark(paths: SlotPaths): { readonly claimId: string; readonly revision: number } | undefined {
  const text = readIfThere(join(paths.box, 'claim.json'))
  if (text === undefined) return undefined
  const { claimId, revision } = JSON.parse(text) as { claimId: string; revision: number }
  return { claimId, revision }
}

/** Beside the box, where the container cannot see it: which claim's program was started in this slot. */
const startedPath = (paths: SlotPaths): string => join(paths.root, 'started')
export const readStarted = (paths: SlotPaths): string | undefined => readIfThere(startedPath(paths))

/**
 * Told once the parked script was seen waiting; no claim comes before that. So one that does not wait and has no such mark is still
 * on its way there, and one that has it runs its program.
 */
const parkedPath = (paths: SlotPaths): string => join(paths.root, 'parked')
export const hasParked = (paths: SlotPaths): boolean => existsSync(parkedPath(paths))
export const markParked = (paths: SlotPaths): void => writeBeside(paths.temporary, parkedPath(paths), '')

/** First the mark, then the environment goes: a crash between leaves a mark and a file that nobody reads. */
export function markStarted(paths: SlotPaths, claimId: string): void {
  writeBeside(paths.temporary, startedPath(paths), claimId)
  removeStart(paths)
}

export function removeStart(paths: SlotPaths): void {
  const start = join(paths.box, 'start')
  if (existsSync(start)) unlinkSync(start)
}

function makeDirectory(path: string, mode: number): void {
  mkdirSync(path, { recursive: true })
  chmodSync(path, mode)
}

/** World-writable, since any `runAsUser` opens it; the parent lets nobody else of the host near. */
function makePipe(path: string): void {
  if (existsSync(path)) return
  const beside = `${path}.new`
  rmSync(beside, { force: true })
  execFileSync('mkfifo', ['-m', '666', beside])
  renameSync(beside, path)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
