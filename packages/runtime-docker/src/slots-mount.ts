import { execFile } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statfsSync,
} from 'node:fs'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

import { Fault, type Logger } from '@boilerhouse/base'

const run = promisify(execFile)
const tmpfsMagic = 0x01021994
const base = 'mode=0700,nosuid,nodev'

/**
 * Makes `slotsDir` a tmpfs that only the server's user can enter: secrets lie there, and must reach neither a disk nor another
 * user of the host. Safe to call again; a tmpfs that is there is used.
 */
export async function ensureSlotsMount(slotsDir: string, log: Logger): Promise<void> {
  mkdirSync(slotsDir, { recursive: true, mode: 0o700 })
  const isRoot = process.getuid?.() === 0
  if (isRoot && !isMountPoint(slotsDir)) await mountTmpfs(slotsDir, log)
  if (statfsSync(slotsDir).type !== tmpfsMagic) {
    throw new Fault('setting.invalid', `Cannot keep slots in ${slotsDir}: it is not on a tmpfs`, {
      remedy: 'Run the server as root, or give a directory below $XDG_RUNTIME_DIR.',
    })
  }
  chmodSync(slotsDir, 0o700)
  accessSync(slotsDir, constants.W_OK)
}

/** Says that this process uses the slots. `release` takes the tmpfs away where nothing lies in it and nobody else uses it. */
export interface SlotsHold {
  release(log: Logger): Promise<void>
}

const holdAttempts = 5

/** Mounts and holds: the open directory makes the kernel refuse another process's unmount. */
export async function holdSlots(slotsDir: string, log: Logger): Promise<SlotsHold> {
  for (let attempt = 1; ; attempt++) {
    await ensureSlotsMount(slotsDir, log)
    const held = openSync(slotsDir, constants.O_DIRECTORY | constants.O_RDONLY)
    // Between the mount and the hold the last other user may have taken it away; then the hold is on what lay below.
    if (statfsSync(`/proc/self/fd/${held}`).type === tmpfsMagic && statfsSync(slotsDir).type === tmpfsMagic)
      return { release: (by) => releaseSlots(slotsDir, held, by) }
    closeSync(held)
    if (attempt === holdAttempts) throw new Fault('setting.invalid', `The slots in ${slotsDir} are being unmounted by others`)
  }
}

async function releaseSlots(slotsDir: string, held: number, log: Logger): Promise<void> {
  closeSync(held)
  if (process.getuid?.() !== 0 || !isMountPoint(slotsDir) || readdirSync(slotsDir).length > 0) return
  try {
    await run('umount', [slotsDir])
    rmdirSync(slotsDir)
  } catch (error) {
    log.debug('the slots stay mounted: another server uses them', { error })
  }
}

/** `noswap` keeps secrets off the swap; kernels before 6.4 refuse it. */
async function mountTmpfs(slotsDir: string, log: Logger): Promise<void> {
  const mount = (options: string) => run('mount', ['-t', 'tmpfs', '-o', options, 'boilerhouse-slots', slotsDir])
  try {
    await mount(`${base},noswap`)
  } catch (withNoswap) {
    log.debug('the kernel does not take noswap for a tmpfs', { error: withNoswap })
    try {
      await mount(base)
    } catch (cause) {
      throw new Fault('setting.invalid', `Cannot mount a tmpfs at ${slotsDir}`, {
        cause,
        remedy: 'Mount a tmpfs there yourself, or give a directory that is on one.',
      })
    }
  }
}

export function isMountPoint(path: string): boolean {
  const wanted = resolve(path)
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => unescapeOctal(line.split(' ')[4] ?? '') === wanted)
}

const unescapeOctal = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
