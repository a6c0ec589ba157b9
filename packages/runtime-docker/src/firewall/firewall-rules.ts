export const chains = { INPUT: 'BOILERHOUSE-INPUT', FORWARD: 'BOILERHOUSE-FORWARD' } as const
type Hook = keyof typeof chains
export type RuleSet = Readonly<Record<Hook, readonly string[]>>
export type Family = 'ipv4' | 'ipv6'

const hooks = ['INPUT', 'FORWARD'] as const
const repliesOf = (bridge: string) => `-i ${bridge} -m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY`

/** The host is closed to containers but for answers to what it asked them: probes and the proxy. */
const input = ['bhn+', 'bhu+'].flatMap((bridge) => [`${repliesOf(bridge)} -j ACCEPT`, `-i ${bridge} -j DROP`])

/** Nobody but the host reaches a container: not another bridge, not the host's neighbours. */
const inward = ['bhn+', 'bhu+'].map((bridge) => `-o ${bridge} -m conntrack ! --ctstate RELATED,ESTABLISHED -j DROP`)

const toward = (interfaces: readonly string[]) => interfaces.map((name) => `-i bhu+ -o ${name} -j DROP`)
const to = (networks: readonly string[]) => networks.map((network) => `-d ${network} -i bhu+ -j DROP`)

/**
 * Constant, since bridges are told apart by the prefix of their name: `bhn` has no way out, `bhu` has all but the host, other
 * containers and link-local (where clouds keep credentials). Written as `iptables -S` prints them, to be compared.
 */
export const wantedRules: Readonly<Record<Family, RuleSet>> = {
  ipv4: {
    INPUT: input,
    FORWARD: [
      `${repliesOf('bhn+')} -j RETURN`,
      '-i bhn+ -j DROP',
      ...toward(['bhn+', 'bhu+', 'docker0', 'br-+', 'lo']),
      ...to(['169.254.0.0/16', '127.0.0.0/8']),
      '-i bhu+ -m addrtype --dst-type LOCAL -j DROP',
      ...inward,
    ],
  },
  // Our bridges have no IPv6, so nothing of it may pass at all.
  ipv6: {
    INPUT: ['-i bhn+ -j DROP', '-i bhu+ -j DROP'],
    FORWARD: ['-i bhn+ -j DROP', '-i bhu+ -j DROP', '-o bhn+ -j DROP', '-o bhu+ -j DROP'],
  },
}

/** What `iptables -S` said. */
export type Listing = readonly string[]

export const parseListing = (stdout: string): Listing =>
  stdout
    .split('\n')
    .map((line) => line.trim().replace('--ctstate ESTABLISHED,RELATED', '--ctstate RELATED,ESTABLISHED'))
    .filter((line) => line.startsWith('-'))

/** What stands between the listing and the walls, in words; empty where they stand. */
export function ruleDifferences(family: Family, listing: Listing): readonly string[] {
  return hooks.flatMap((hook) => {
    const chain = chains[hook]
    const found = rulesOf(listing, chain)
    const wanted = wantedRules[family][hook]
    const isSame = found.length === wanted.length && wanted.every((rule, index) => rule === found[index])
    return [
      ...(isJumpFirst(listing, hook) ? [] : [`${family}: ${hook} does not go through ${chain} first`]),
      ...(isSame ? [] : [`${family}: ${chain} holds ${found.length === 0 ? 'nothing' : 'other rules'}`]),
    ]
  })
}

/** Input for `iptables-restore --noflush`: one transaction that ends in the walls, whatever was there. */
export function wallScript(family: Family, listing: Listing): string {
  const jumps = hooks.flatMap((hook) => [...dropJumps(listing, hook), `-I ${hook} 1 -j ${chains[hook]}`])
  const rules = hooks.flatMap((hook) => wantedRules[family][hook].map((rule) => `-A ${chains[hook]} ${rule}`))
  return script([...hooks.map((hook) => `:${chains[hook]} - [0:0]`), ...rules, ...jumps])
}

/** Takes the walls down; empty where none stands. */
export function removalScript(listing: Listing): string {
  const there = hooks.filter((hook) => listing.includes(`-N ${chains[hook]}`))
  if (there.length === 0) return ''
  const lines = there.flatMap((hook) => [...dropJumps(listing, hook), `-F ${chains[hook]}`, `-X ${chains[hook]}`])
  return script(lines)
}

const script = (lines: readonly string[]) => ['*filter', ...lines, 'COMMIT', ''].join('\n')

const rulesOf = (listing: Listing, chain: string) =>
  listing.filter((line) => line.startsWith(`-A ${chain} `)).map((line) => line.slice(`-A ${chain} `.length))

const dropJumps = (listing: Listing, hook: Hook) =>
  rulesOf(listing, hook)
    .filter((rule) => rule === `-j ${chains[hook]}`)
    .map((rule) => `-D ${hook} ${rule}`)

/** Before it may stand what cannot let anything in, and Docker's chain for its user, whose rules are the operator's will. */
function isJumpFirst(listing: Listing, hook: Hook): boolean {
  const rules = rulesOf(listing, hook)
  const index = rules.indexOf(`-j ${chains[hook]}`)
  return index >= 0 && rules.slice(0, index).every((rule) => / ?-j (DROP|REJECT|LOG|NFLOG|DOCKER-USER)\b/.test(rule))
}
