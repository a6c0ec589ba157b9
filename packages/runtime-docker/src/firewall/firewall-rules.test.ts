import { expect, test } from 'bun:test'

import * as fc from 'fast-check'

import { chains, parseListing, removalScript, ruleDifferences, wallScript, wantedRules, type Listing } from './firewall-rules.ts'

const families = ['ipv4', 'ipv6'] as const

/** What `iptables-restore --noflush` does, for the commands our scripts use. */
function apply(listing: Listing, script: string): Listing {
  let lines = [...listing]
  for (const command of script.split('\n').slice(1, -2)) {
    const [verb = '', chain = '', ...rest] = command.split(' ')
    if (verb.startsWith(':')) {
      const name = verb.slice(1)
      lines = [...lines.filter((line) => line !== `-N ${name}` && !line.startsWith(`-A ${name} `)), `-N ${name}`]
    }
    if (verb === '-A') lines.push(command)
    if (verb === '-F') lines = lines.filter((line) => !line.startsWith(`-A ${chain} `))
    if (verb === '-X') lines = lines.filter((line) => line !== `-N ${chain}`)
    if (verb === '-I')
      lines.splice(
        Math.max(
          0,
          lines.findIndex((line) => line.startsWith(`-A ${chain} `)),
        ),
        0,
        `-A ${chain} ${rest.slice(1).join(' ')}`,
      )
    if (verb === '-D') {
      const at = lines.indexOf(`-A ${chain} ${rest.join(' ')}`)
      expect(at).toBeGreaterThanOrEqual(0)
      lines.splice(at, 1)
    }
  }
  return lines
}

const anyLine = fc.constantFrom(
  '-A INPUT -j BOILERHOUSE-INPUT',
  '-A INPUT -j ACCEPT',
  '-A INPUT -s 192.0.2.9/32 -j DROP',
  '-A FORWARD -j BOILERHOUSE-FORWARD',
  '-A FORWARD -j DOCKER-USER',
  '-A FORWARD -i br-1 ! -o br-1 -j ACCEPT',
  `-N ${chains.INPUT}`,
  `-A ${chains.INPUT} -j ACCEPT`,
  ...wantedRules.ipv4.INPUT.map((rule) => `-A ${chains.INPUT} ${rule}`),
)

test.each(families)(
  'whatever the rules of %s are, one script puts the walls in place, and a second look finds nothing',
  (family) => {
    fc.assert(
      fc.property(fc.array(anyLine), (listing) => {
        const after = apply(listing, wallScript(family, listing))
        expect(ruleDifferences(family, after)).toEqual([])
        const foreign = (lines: Listing) => lines.filter((line) => !line.includes('BOILERHOUSE'))
        expect(foreign(after)).toEqual(foreign(listing))
      }),
    )
  },
)

test('removal leaves nothing of ours and everything of others', () => {
  const before = ['-P INPUT ACCEPT', '-A INPUT -s 192.0.2.9/32 -j DROP', '-A FORWARD -j DOCKER-USER']
  const walled = apply(before, wallScript('ipv4', before))
  expect(apply(walled, removalScript(walled)).toSorted()).toEqual(before.toSorted())
  expect(removalScript(before)).toBe('')
})

test('a rule that may let in before our jump is a difference; one that cannot, and the chain for the user, is none', () => {
  const walled = apply([], wallScript('ipv4', []))
  const before = (line: string) => ruleDifferences('ipv4', [line, ...walled])
  expect(before('-A INPUT -p tcp -j ACCEPT')).toEqual(['ipv4: INPUT does not go through BOILERHOUSE-INPUT first'])
  expect(before('-A FORWARD -j SOMETHING')).toEqual(['ipv4: FORWARD does not go through BOILERHOUSE-FORWARD first'])
  expect(before('-A INPUT -s 192.0.2.9/32 -j DROP')).toEqual([])
  expect(before('-A FORWARD -j DOCKER-USER')).toEqual([])
})

test('a listing is compared whatever the order of states it is printed in', () => {
  const walled = apply([], wallScript('ipv4', []))
  const printed = walled.join('\n').replaceAll('RELATED,ESTABLISHED', 'ESTABLISHED,RELATED')
  expect(ruleDifferences('ipv4', parseListing(`# Warning: something\n${printed}\n`))).toEqual([])
})
