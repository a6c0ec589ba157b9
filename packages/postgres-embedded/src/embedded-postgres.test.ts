import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { spawn, type ChildProcess } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { isFault, silentLogger, systemClock } from '@boilerhouse/base'
import postgres from 'postgres'

import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts'
import { boundLog } from './postmaster.ts'

// Processes start and stop here: on a busy machine that takes its time.
setDefaultTimeout(60_000)

const settings = { fsync: 'off' }
const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

async function temporary(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'bh-pgt-'))
  cleanups.push(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLogger, settings })
  cleanups.push(() => server.leave())
  return server
}

async function query(server: EmbeddedPostgres, text: string): Promise<readonly Record<string, unknown>[]> {
  const sql = postgres({ ...server.connection, max: 1, onnotice: () => {} })
  try {
    return await sql.unsafe(text)
  } finally {
    await sql.end()
  }
}

const pidOf = async (dataDir: string): Promise<number> =>
  Number((await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0])

async function processesIn(dataDir: string): Promise<number> {
  const data = join(dataDir, 'postgres/data')
  const links = await Promise.all((await readdir('/proc')).map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return links.filter((link) => link === data).length
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await condition().catch(() => false)) return
    await systemClock.sleep(10)
  }
  throw new Error('it did not become true within 10 s')
}

/** Another server: a process that attaches, says so, and stays until it is killed or its input ends. */
async function otherServer(dataDir: string): Promise<ChildProcess> {
  const script = `
    import { startEmbeddedPostgres } from '${join(import.meta.dir, 'embedded-postgres.ts')}'
    import { silentLogger, systemClock } from '@boilerhouse/base'
    const server = await startEmbeddedPostgres({ dataDir: process.argv.at(-1), clock: systemClock, log: silentLogger, settings: { fsync: 'off' } })
    console.log('attached')
    for await (const _ of Bun.stdin.stream());
    await server.leave()
    process.exit(0)`
  const child = spawn(process.execPath, ['-e', script, dataDir], { cwd: import.meta.dir, stdio: ['pipe', 'pipe', 'inherit'] })
  cleanups.push(async () => child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout?.once('data', resolve))
  return child
}

const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once('exit', resolve))

describe('the embedded Postgres of a data directory', () => {
  test('answers after the start and leaves no process behind when its only server leaves', async () => {
    const dataDir = await temporary()
    const server = await start(dataDir)
    expect(await query(server, 'select 1 as one, current_database() as name')).toEqual([{ one: 1, name: 'boilerhouse' }])
    await server.leave()
    await server.leave()
    expect(await processesIn(dataDir)).toBe(0)
  })

  test('keeps what was committed from one start to the next', async () => {
    const dataDir = await temporary()
    const first = await start(dataDir)
    await query(first, 'create table kept (n int); insert into kept values (7)')
    await first.leave()
    expect(await query(await start(dataDir), 'select n from kept')).toEqual([{ n: 7 }])
  })

  test('is one for all servers, and stops when the last of them leaves', async () => {
    const dataDir = await temporary()
    const [first, second, third] = await Promise.all([start(dataDir), start(dataDir), start(dataDir)])
    const pid = await pidOf(dataDir)
    await first?.leave()
    await third?.leave()
    expect(await pidOf(dataDir)).toBe(pid)
    expect(await query(second as EmbeddedPostgres, 'select 1 as one')).toEqual([{ one: 1 }])
    await second?.leave()
    expect(await processesIn(dataDir)).toBe(0)
  })

  test('is in a process session of its own, so that Ctrl-C never reaches it, and listens on no TCP port', async () => {
    const dataDir = await temporary()
    const server = await start(dataDir)
    const pid = await pidOf(dataDir)
    const [, , , , session] = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/\(.*\) /, '').split(' ')
    expect(Number(session)).toBe(pid)
    expect(await query(server, 'show listen_addresses')).toEqual([{ listen_addresses: '' }])
    expect((await stat(server.connection.host)).mode & 0o777).toBe(0o700)
  })

  test('left behind by a server that was killed, is taken over by the next and stops with it', async () => {
    const dataDir = await temporary()
    const killed = await otherServer(dataDir)
    const pid = await pidOf(dataDir)
    killed.kill('SIGKILL')
    await ended(killed)
    const next = await start(dataDir)
    expect(await pidOf(dataDir)).toBe(pid)
    await next.leave()
    expect(await processesIn(dataDir)).toBe(0)
  })

  test('stays for a server in another process, whoever started it', async () => {
    const dataDir = await temporary()
    const mine = await start(dataDir)
    const other = await otherServer(dataDir)
    await mine.leave()
    expect(await processesIn(dataDir)).toBeGreaterThan(0)
    other.stdin?.end()
    await ended(other)
    expect(await processesIn(dataDir)).toBe(0)
  })

  test('killed under its server, is started again with everything that was committed', async () => {
    const dataDir = await temporary()
    const server = await start(dataDir)
    await query(server, 'create table kept (n int); insert into kept values (7)')
    const pid = await pidOf(dataDir)
    process.kill(pid, 'SIGKILL')
    await until(async () => (await pidOf(dataDir)) !== pid && (await query(server, 'select n from kept')).length === 1)
    await server.leave()
    expect(await processesIn(dataDir)).toBe(0)
  })

  test('killed together with its server, starts again although its pid file names a process of somebody else', async () => {
    const dataDir = await temporary()
    const killed = await otherServer(dataDir)
    killed.kill('SIGKILL')
    await ended(killed)
    process.kill(await pidOf(dataDir), 'SIGKILL')
    const file = join(dataDir, 'postgres/data/postmaster.pid')
    const [, ...rest] = (await readFile(file, 'utf8')).split('\n')
    await writeFile(file, [process.pid, ...rest].join('\n'))
    expect(await query(await start(dataDir), 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('works below parents that only their owner may enter', async () => {
    const parent = await temporary()
    await chmod(parent, 0o700)
    const dataDir = join(parent, 'a', 'data')
    await mkdir(join(parent, 'a'), { mode: 0o700 })
    expect(await query(await start(dataDir), 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('works in a directory too deep or too oddly named for a socket', async () => {
    const deep = join(await temporary(), 'with space, comma', 'd'.repeat(120))
    const server = await start(deep)
    cleanups.push(() => rm(server.connection.host, { recursive: true, force: true }))
    expect(server.connection.host.length).toBeLessThan(80)
    expect(await query(server, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('of another major version is refused with what to do', async () => {
    const dataDir = await temporary()
    await mkdir(join(dataDir, 'postgres/data'), { recursive: true })
    for (const [version, remedy] of [
      ['99', 'newer release'],
      ['9', 'backup create'],
    ]) {
      await writeFile(join(dataDir, 'postgres/data/PG_VERSION'), `${version}\n`)
      const error = await start(dataDir).catch((e: unknown) => e)
      expect(isFault(error, 'store.version') && error.remedy).toContain(remedy ?? '')
    }
  })

  test('that cannot start says why, and where its log is', async () => {
    const dataDir = await temporary()
    const broken = { dataDir, clock: systemClock, log: silentLogger, settings: { ...settings, shared_buffers: 'nonsense' } }
    const error = await startEmbeddedPostgres(broken).catch((e: unknown) => e)
    expect(isFault(error, 'store.unavailable') && error.message).toContain('shared_buffers')
  })
})

test('the log keeps its newest piece within the bound, and the piece before it', async () => {
  const log = join(await temporary(), 'postgres.log')
  await writeFile(log, 'x'.repeat(100))
  await boundLog(log, 200)
  expect((await stat(log)).size).toBe(100)
  await boundLog(log, 50)
  expect([(await stat(log)).size, (await stat(`${log}.1`)).size]).toEqual([0, 100])
})
