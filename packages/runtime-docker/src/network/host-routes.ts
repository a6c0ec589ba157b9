import { readFile } from 'node:fs/promises'

import { runCommand } from '../host/run-command.ts'
import { formatAddress, parseCidr, type Cidr } from './cidr.ts'

/** Every IPv4 network the host has a route to, its default route left out: all tables, or the main one where there is no `ip`. */
export async function readHostRoutes(signal: AbortSignal): Promise<readonly Cidr[]> {
  const listed = await runCommand(['ip', '-4', 'route', 'show', 'table', 'all'], { signal })
  if (listed.exitCode === 0) return parseIpRoutes(listed.stdout)
  return parseProcRoutes(await readFile('/proc/net/route', 'utf8'))
}

export function parseIpRoutes(text: string): readonly Cidr[] {
  return text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/)
    const destination = /^\d/.test(words[0] ?? '') ? words[0] : words[1]
    return networkOf(destination ?? '')
  })
}

/** Addresses there are hex in the machine's byte order, which is little-endian wherever this runs. */
export function parseProcRoutes(text: string): readonly Cidr[] {
  const address = (hex: string) => Number.parseInt(hex.match(/../g)?.toReversed().join('') ?? '', 16)
  return text
    .trim()
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, destination = '', , , , , , mask = ''] = line.split(/\s+/)
      const prefix = address(mask).toString(2).replaceAll('0', '').length
      return networkOf(`${formatAddress(address(destination))}/${prefix}`)
    })
}

function networkOf(text: string): readonly Cidr[] {
  const found = parseCidr(text)
  return found && found.size < 2 ** 32 ? [found] : []
}
