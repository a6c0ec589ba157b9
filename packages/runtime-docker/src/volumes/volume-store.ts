import { lstatSync } from 'node:fs'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { Fault, isFault, type ContainerId } from '@boilerhouse/base'
import type { ContainerSpec, StateKey, VolumeAgent } from '@boilerhouse/runtime'

import { commVolume, customVolume, stateVolume, type Layout } from '../layout.ts'
import { openTo, type Ownership } from '../ownership.ts'
import { entryNames, entryPath, hasEntry, writeDurably } from './entries.ts'
import { readJournal } from './journal.ts'
import { createStateKeeper, type StateKeeper, type StateKeeperDeps } from './state-keeper.ts'
import { keptNameOf, keptPaths, type KeptPaths } from './state-moves.ts'
import { readNote } from './volume-note.ts'

/** The directories of the host that containers mount as volumes, and what is kept of them between claims. */
export interface VolumeStore {
  /** Makes the directories of a container's volumes, owned by its user. Safe to call again. */
  prepare(spec: ContainerSpec, signal: AbortSignal): Promise<void>
  /**
   * Removes a container's volumes. A move that did not end is ended first: a restore backwards, a keep forwards. Where it cannot be
   * ended the volumes stay on disk, and the log says so.
   */
  remove(containerId: ContainerId, signal: AbortSignal): Promise<void>
  agent(containerId: ContainerId): VolumeAgent
}

export function createVolumeStore(deps: StateKeeperDeps): VolumeStore {
  const { layout } = deps
  const keeper = createStateKeeper(deps)
  return {
    prepare: (spec, signal) => prepareVolumes(deps, spec, signal),
    remove: (containerId, signal) => removeVolumes(deps, keeper, containerId, signal),
    agent: (containerId) => ({
      restore: (key, signal) => restore({ layout, keeper, containerId, key, signal }),
      keep: (key, signal) => keep({ layout, keeper, containerId, key, signal }),
      discard: (key, signal) => discard({ layout, keeper, containerId, key, signal }),
    }),
  }
}

interface Move {
  readonly layout: Layout
  readonly keeper: StateKeeper
  readonly containerId: ContainerId
  readonly key: StateKey
  readonly signal: AbortSignal
}

function restore({ layout, keeper, containerId, key, signal }: Move): Promise<{ readonly restored: boolean }> {
  const kept = keptPaths(layout, keptNameOf(key))
  return orFault('state.restore_failed', { layout, key, signal }, async () => {
    if (!(await hasState(layout, containerId))) return { restored: false }
    if ((await hasFiles(kept)) || (await hasEntry(kept.journal))) {
      await keeper.restore(kept, containerId, signal)
      return { restored: true }
    }
    const note = await readNote(layout, containerId)
    return { restored: note?.phase === 'restored' && note.kept === basename(kept.root) }
  })
}

function keep({ layout, keeper, containerId, key, signal }: Move): Promise<{ readonly kept: boolean }> {
  const kept = keptPaths(layout, keptNameOf(key))
  return orFault('state.keep_failed', { layout, key, signal }, async () => {
    if (await hasState(layout, containerId)) {
      await describeKept(kept, key)
      await keeper.keep(kept, containerId, signal)
    }
    return { kept: await hasFiles(kept) }
  })
}

/** Where no move was left half-done, all there is to do is the removal. */
function discard({ layout, keeper, containerId, key, signal }: Move): Promise<void> {
  const kept = keptPaths(layout, keptNameOf(key))
  return orFault('state.keep_failed', { layout, key, signal }, async () => {
    const phase = (await readNote(layout, containerId))?.phase
    const isHalfDone =
      phase === 'keeping' || phase === 'restoring' || (await readJournal(kept.journal))?.containerId === containerId
    if (isHalfDone) await keeper.discard(kept, containerId, signal)
  })
}

/** What is needed to keep it later; `comm` and the like are nobody's any more. */
const partsOfState = new Set([stateVolume, 'note.json', 'owner'])

async function removeVolumes(
  { layout, log, ownership }: StateKeeperDeps,
  keeper: StateKeeper,
  id: ContainerId,
  signal: AbortSignal,
): Promise<void> {
  try {
    const note = await readNote(layout, id)
    // Its mark is written before the journal goes: a restore that says it ended may have died in between.
    if (note?.phase === 'restoring' || note?.phase === 'restored')
      await keeper.undoRestore(keptPaths(layout, note.kept), id, signal)
    if (note?.phase === 'keeping') await keeper.keep(keptPaths(layout, note.kept), id, signal)
  } catch (error) {
    signal.throwIfAborted()
    const path = layout.volumes(id)
    log.error('volumes hold files that cannot be kept: they stay on disk', { containerId: id, path, error })
    const rest = (await entryNames(path)).filter((name) => !partsOfState.has(name))
    const removeRest = () => Promise.all(rest.map((name) => rm(entryPath(path, name), { recursive: true, force: true })))
    return ownership.removing(id, async () => void (await removeRest()), signal)
  }
  await ownership.removing(id, () => rm(layout.volumes(id), { recursive: true, force: true }), signal)
}

const hasState = (layout: Layout, containerId: ContainerId) => hasEntry(join(layout.volumes(containerId), stateVolume))
const hasFiles = async (kept: KeptPaths) => (await entryNames(kept.entries)).length > 0

/** For people and backups: whose files these are. */
async function describeKept(kept: KeptPaths, { tenantId, workloadId }: StateKey): Promise<void> {
  if (await hasEntry(kept.key)) return
  await mkdir(kept.root, { recursive: true, mode: 0o700 })
  await writeDurably(kept.key, JSON.stringify({ tenantId, workloadId }))
}

type StateFault = 'state.restore_failed' | 'state.keep_failed'

async function orFault<T>(
  code: StateFault,
  { layout, key, signal }: Pick<Move, 'layout' | 'key' | 'signal'>,
  action: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  try {
    return await action()
  } catch (cause) {
    signal.throwIfAborted()
    if (isFault(cause, 'runtime.timeout')) throw cause
    // Tenants are told this: where on the host their files lie is for the log, which has the cause.
    const reason = (cause instanceof Error ? cause.message : String(cause)).replaceAll(layout.dataDir, '<data>')
    throw new Fault(code, `Files of ${key.tenantId} for ${key.workloadId}: ${reason}`, { cause })
  }
}

async function prepareVolumes(
  { layout, ownership }: Pick<StateKeeperDeps, 'layout'> & { readonly ownership: Ownership },
  spec: ContainerSpec,
  signal: AbortSignal,
): Promise<void> {
  const { state, comm, custom = [] } = spec.workload.volumes
  const uid = spec.workload.security.runAsUser
  const root = layout.volumes(spec.containerId)
  await mkdir(root, { recursive: true, mode: 0o700 })
  // A wipe that could not remove them: nobody else may find what is in there.
  if (await readNote(layout, spec.containerId))
    throw new Fault('state.keep_failed', `The volumes of container ${spec.containerId} still hold a tenant's files`)
  for (const name of [...(state ? [stateVolume] : []), ...custom.map((volume) => customVolume(volume.name))]) {
    const path = join(root, name)
    await mkdir(path, { recursive: true, mode: 0o700 })
    // Not again: it may be another user's by now.
    if ([0, lstatSync(path).uid].includes(process.getuid?.() ?? 0)) await chmod(path, 0o700)
    await ownership.prepare(spec.containerId, name, uid, signal)
  }
  if (comm) await prepareComm(join(root, commVolume), uid)
}

/** Never given away where the server is not root: its user goes on making sockets there. */
async function prepareComm(path: string, uid: number): Promise<void> {
  await mkdir(path, { recursive: true })
  await chmod(path, 0o755)
  openTo(path, uid)
}
