import { afterAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createFirewall } from './firewall.ts'
import { runCommand, type RunCommand } from '../host/run-command.ts'

const never = new AbortController().signal
const emptyDirs: string[] = []
/** The kernel's rules are one for the whole machine: every test works on those of a network namespace of its own. */
async function namespace(): Promise<
  { readonly run: RunCommand; readonly iptables: (...args: string[]) => Promise<string> } & AsyncDisposable
> {
  const name = `bh-firewall-${crypto.randomUUID().slice(0, 8)}`
  await runCommand(['ip', 'netns', 'add', name], { signal: never })
  const run: RunCommand = (argv, options) => runCommand(['ip', 'netns', 'exec', name, ...argv], options)
  return {
    run,
    iptables: async (...args) => (await run(['iptables', '-w', '10', ...args], { signal: never })).stdout,
    [Symbol.asyncDispose]: async () => void (await runCommand(['ip', 'netns', 'delete', name], { signal: never })),
  }
}
const noInterfaces = async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bh-interfaces-'))
  emptyDirs.push(directory)
  return directory
}
afterAll(() => Promise.all(emptyDirs.map((directory) => rm(directory, { recursive: true }))))

test('the walls are put in place as the kernel prints them, and putting them again writes nothing', async () => {
  await using space = await namespace()
  let writes = 0
  const counting: RunCommand = (argv, options) => {
    if (argv[0]?.endsWith('-restore')) writes++
    return space.run(argv, options)
  }
  const firewall = createFirewall({ run: counting })
  expect(await firewall.differences(never)).not.toEqual([])
  await firewall.ensure(never)
  expect(await firewall.differences(never)).toEqual([])
  const before = writes
  await firewall.ensure(never)
  expect(writes).toBe(before)
})

test.each([
  ['our rules are flushed', ['-F', 'BOILERHOUSE-INPUT']],
  ['our jump is removed', ['-D', 'INPUT', '-j', 'BOILERHOUSE-INPUT']],
  ['an ACCEPT is put before our jump', ['-I', 'FORWARD', '1', '-j', 'ACCEPT']],
  ['a rule is put into our chain', ['-I', 'BOILERHOUSE-FORWARD', '1', '-i', 'bhn+', '-j', 'ACCEPT']],
  ['everything is flushed', ['-F']],
])('where %s, the difference is told and put right', async (_what, change) => {
  await using space = await namespace()
  const firewall = createFirewall({ run: space.run })
  await firewall.ensure(never)
  await space.iptables(...change)
  expect(await firewall.differences(never)).not.toEqual([])
  await firewall.ensure(never)
  expect(await firewall.differences(never)).toEqual([])
})

test('many processes at once end in one set of walls, and rules of others stay', async () => {
  await using space = await namespace()
  await space.iptables('-A', 'INPUT', '-s', '192.0.2.9', '-j', 'ACCEPT')
  await Promise.all(Array.from({ length: 6 }, () => createFirewall({ run: space.run }).ensure(never)))
  expect(await createFirewall({ run: space.run }).differences(never)).toEqual([])
  expect(await space.iptables('-S', 'INPUT')).toContain('-A INPUT -s 192.0.2.9/32 -j ACCEPT')
})

test('the walls come down when no bridge is left, and not before', async () => {
  await using space = await namespace()
  const interfacesDir = await noInterfaces()
  await Bun.write(join(interfacesDir, 'bhn0123456789a'), '')
  const firewall = createFirewall({ run: space.run, interfacesDir })
  await firewall.ensure(never)
  await firewall.remove(never)
  expect(await firewall.differences(never)).toEqual([])
  await rm(join(interfacesDir, 'bhn0123456789a'))
  await firewall.remove(never)
  expect(await space.iptables('-S')).not.toContain('BOILERHOUSE')
  await firewall.remove(never)
})

test('a server that may not write rules is told runtime.firewall_failed and what to do', async () => {
  await using space = await namespace()
  const unprivileged: RunCommand = (argv, options) =>
    space.run(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all', ...argv], options)
  const attempt = createFirewall({ run: unprivileged }).ensure(never)
  await expect(attempt).rejects.toMatchObject({ code: 'runtime.firewall_failed', remedy: expect.stringContaining('root') })
})

test('a host without iptables is told runtime.firewall_failed', async () => {
  const missing: RunCommand = (argv, options) => runCommand([`${argv[0]}-no-such`], options)
  await expect(createFirewall({ run: missing }).ensure(never)).rejects.toMatchObject({ code: 'runtime.firewall_failed' })
})
