import { readdir, readFile } from 'node:fs/promises'

import { Fault, KeyLock } from '@boilerhouse/base'

import { rootRights, type HostRights } from '../helper/host-rights.ts'
import { parseListing, removalScript, ruleDifferences, wallScript, type Family, type Listing } from './firewall-rules.ts'

/** The walls around our bridges: chains of our own in INPUT and FORWARD, shared by every installation on the host. */
export interface Firewall {
  /** Puts the walls in place; does nothing where they stand. `runtime.firewall_failed`. */
  ensure(signal: AbortSignal): Promise<void>
  /** In words; empty where the walls stand. */
  differences(signal: AbortSignal): Promise<readonly string[]>
  /** Takes the walls down once no bridge of any installation is left. */
  remove(signal: AbortSignal): Promise<void>
  /** True where there is something to wall in. */
  hasBridges(): Promise<boolean>
}

export interface FirewallDeps extends Partial<Pick<HostRights, 'run' | 'writeSetting'>> {
  /** Where interfaces are listed. */
  readonly interfacesDir?: string
}

const commands = { ipv4: 'iptables', ipv6: 'ip6tables' } as const satisfies Record<Family, string>
const families = ['ipv4', 'ipv6'] as const
/** Rewrites that another process got in between of. */
const attempts = 5
const lockWaitS = '10'
const bridgeFilterPath = '/proc/sys/net/bridge/bridge-nf-call-iptables'

export function createFirewall(deps: FirewallDeps = {}): Firewall {
  const { interfacesDir = '/sys/class/net', run, writeSetting } = { ...rootRights, ...deps }
  const lock = new KeyLock<'rules'>()
  const list = async (family: Family, signal: AbortSignal): Promise<Listing> => {
    const result = await run([commands[family], '-w', lockWaitS, '-S'], { signal })
    if (result.exitCode === 0) return parseListing(result.stdout)
    throw new Fault('runtime.firewall_failed', `Cannot read the rules of ${commands[family]}: ${result.stderr.trim()}`)
  }
  const hasBridges = async () => (await readdir(interfacesDir)).some((name) => /^bh[nu][0-9a-f]{11}$/.test(name))

  /** Reads, and applies what `scriptOf` makes of it, until nobody wrote in between. */
  const rewrite = async (family: Family, scriptOf: (listing: Listing) => string, signal: AbortSignal) => {
    for (let attempt = 1; ; attempt++) {
      const stdin = scriptOf(await list(family, signal))
      if (stdin === '') return
      const result = await run([`${commands[family]}-restore`, '--noflush', '-w', lockWaitS], { signal, stdin })
      if (result.exitCode === 0) return
      if (attempt === attempts)
        throw new Fault('runtime.firewall_failed', `Cannot write the rules of ${commands[family]}: ${result.stderr.trim()}`)
    }
  }
  const usedFamilies = async () => ((await hasIpv6()) ? families : (['ipv4'] as const))

  const differences = async (signal: AbortSignal) => {
    const found = await Promise.all(
      (await usedFamilies()).map(async (family) => ruleDifferences(family, await list(family, signal))),
    )
    return [...found.flat(), ...(await bridgeFilterDifferences())]
  }
  const wallAll = async () => {
    const wall = async (family: Family) =>
      rewrite(family, (listing) => (ruleDifferences(family, listing).length === 0 ? '' : wallScript(family, listing)), untilDone)
    await Promise.all((await usedFamilies()).map(wall))
    await turnOnBridgeFilter(writeSetting)
  }
  let next: Promise<void> | undefined
  return {
    hasBridges,
    differences,
    ensure: (signal) => {
      // Callers that come while others wait share their run: it begins after all of them asked.
      next ??= lock.run('rules', async () => {
        next = undefined
        await wallAll()
      })
      return unlessAborted(next, signal)
    },
    remove: (signal) =>
      lock.run('rules', async () => {
        if (await hasBridges()) return
        for (const family of await usedFamilies()) await rewrite(family, removalScript, signal)
      }),
  }
}

/** A shared run is nobody's to abort; it takes milliseconds. */
const untilDone = new AbortController().signal

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

const readOrEmpty = (path: string) => readFile(path, 'utf8').catch(() => '')

/** Where the kernel has no IPv6, ip6tables fails, and there is nothing to wall. */
const hasIpv6 = async () => (await readOrEmpty('/proc/net/if_inet6')) !== ''

/** Without it, what two containers of one bridge say to each other passes no rule at all. */
async function bridgeFilterDifferences(): Promise<readonly string[]> {
  const value = (await readOrEmpty(bridgeFilterPath)).trim()
  return value === '0' ? ['bridge-nf-call-iptables is off: containers of one pool reach each other'] : []
}

async function turnOnBridgeFilter(writeSetting: HostRights['writeSetting']): Promise<void> {
  if ((await readOrEmpty(bridgeFilterPath)).trim() !== '0') return
  await writeSetting(bridgeFilterPath, '1', untilDone).catch((cause: unknown) => {
    throw new Fault('runtime.firewall_failed', 'Cannot turn bridge-nf-call-iptables on', { cause })
  })
}
