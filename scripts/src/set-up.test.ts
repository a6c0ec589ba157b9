import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmod, cp, mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
let checkout: string

/** A checkout of its own with an npm that "installs" a Bun, which says what it was called with. */
beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'bh-set-up-'))
  for (const path of ['scripts', 'bin', 'node_modules']) await mkdir(join(checkout, path))
  for (const path of ['boilerhouse', 'scripts/set-up.sh', 'scripts/start.sh', 'scripts/check.sh'])
    await cp(join(root, path), join(checkout, path))
  await writeFile(join(checkout, '.bun-version'), '9.9.9\n')
  await program(
    'bin/npm',
    `echo "npm $*" >>"${checkout}/npm.log"; d="${checkout}/.tools/node_modules/@oven/bun-x/bin"; mkdir -p "$d"; cp "${checkout}/bun-to-be" "$d/bun"`,
  )
  await program(
    'bun-to-be',
    `case "$1" in --version) echo 9.9.9;; *main.ts) echo "$@"; exit 42;; *) echo "$@" >>"${checkout}/bun.log";; esac`,
  )
})
afterEach(() => rm(checkout, { recursive: true, force: true }))

async function program(path: string, text: string): Promise<void> {
  await writeFile(join(checkout, path), `#!/bin/sh\n${text}\n`)
  await chmod(join(checkout, path), 0o755)
}

async function run(argv: readonly string[], cwd = checkout): Promise<{ exitCode: number; text: string }> {
  const child = Bun.spawn([...argv], {
    cwd,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, PATH: `${checkout}/bin:${process.env['PATH']}` },
  })
  const [out, err, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { exitCode, text: out + err }
}

const npmCalls = async () => (await readFile(join(checkout, 'npm.log'), 'utf8').catch(() => '')).split('\n').filter(Boolean)

describe('npm start', () => {
  test('gets the pinned Bun from npm once, installs from the lock file, and ends with the exit code of the server', async () => {
    const first = await run(['sh', 'scripts/start.sh', '--port', '0'])
    expect(first.text).toContain('Bun 9.9.9 from npm')
    expect(first.text).toEndWith(`${checkout}/apps/boilerhouse/src/main.ts up --port 0\n`)
    expect(first.exitCode).toBe(42)
    expect(await npmCalls()).toEqual([
      expect.stringContaining('--no-save --no-audit --no-fund --ignore-scripts --loglevel=error bun@9.9.9'),
    ])
    expect(await readFile(join(checkout, 'bun.log'), 'utf8')).toContain('install --frozen-lockfile')
    expect(await readlink(join(checkout, '.tools/bun'))).toBe('node_modules/@oven/bun-x/bin/bun')
    expect((await run(['sh', 'scripts/start.sh'])).exitCode).toBe(42)
    expect(await npmCalls()).toHaveLength(1)
  })

  test('gets another Bun where the pin changed', async () => {
    await run(['sh', 'scripts/start.sh'])
    await writeFile(join(checkout, '.bun-version'), '9.9.10\n')
    await program('bun-to-be', 'case "$1" in --version) echo 9.9.10;; esac')
    expect((await run(['sh', 'scripts/start.sh'])).exitCode).toBe(0)
    expect((await npmCalls()).at(-1)).toContain('bun@9.9.10')
  })

  test('two at once install once', async () => {
    const results = await Promise.all([
      run(['sh', 'scripts/check.sh']),
      run(['sh', 'scripts/check.sh']),
      run(['sh', 'scripts/check.sh']),
    ])
    expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0])
    expect(await npmCalls()).toHaveLength(1)
  })

  test('says the cause and the remedy where npm fails, and starts nothing', async () => {
    await program('bin/npm', 'echo "npm error network" >&2; exit 1')
    const { exitCode, text } = await run(['sh', 'scripts/start.sh'])
    expect(exitCode).toBe(1)
    expect(text).toContain('npm error network')
    expect(text).toContain('FAILED  npm could not install Bun 9.9.9')
    expect(text).toContain('remedy')
    expect(text).not.toContain('main.ts')
  })

  test('passes a signal that npm gets on to the server, and returns its exit code', async () => {
    await cp(join(root, 'package.json'), join(checkout, 'package.json'))
    await run(['sh', 'scripts/check.sh'])
    const server = `case "$1" in --version) echo 9.9.9;; *main.ts) trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done;; esac`
    await program('.tools/node_modules/@oven/bun-x/bin/bun', server)
    await rm(join(checkout, 'bin/npm'))
    const npm = Bun.spawn(['npm', 'start'], { cwd: checkout, stdin: 'ignore', stdout: 'pipe', stderr: 'ignore' })
    let text = ''
    for await (const chunk of npm.stdout) {
      text += new TextDecoder().decode(chunk)
      if (text.endsWith('up\n')) npm.kill('SIGTERM')
    }
    expect(await npm.exited).toBe(9)
  })

  test('stops where the dependencies do not fit the lock file', async () => {
    await program(
      'bun-to-be',
      'case "$1" in --version) echo 9.9.9;; install) echo "lockfile had changes"; exit 1;; *) echo started;; esac',
    )
    const { exitCode, text } = await run(['sh', 'scripts/start.sh'])
    expect(exitCode).toBe(1)
    expect(text).toContain('lockfile had changes')
    expect(text).not.toContain('started')
  })
})

describe('./boilerhouse', () => {
  test('says what to do where npm start never ran', async () => {
    const { exitCode, text } = await run([join(checkout, 'boilerhouse'), 'doctor'])
    expect(exitCode).toBe(1)
    expect(text).toContain('Run `npm start`')
  })

  test('works from any directory and through links, and passes arguments and the exit code on', async () => {
    await run(['sh', 'scripts/check.sh'])
    await symlink(join(checkout, 'boilerhouse'), join(checkout, 'bin/first'))
    await symlink('first', join(checkout, 'bin/second'))
    for (const path of ['boilerhouse', 'bin/first', 'bin/second']) {
      const { exitCode, text } = await run([join(checkout, path), 'pool', 'list', 'a b'], '/')
      expect(text).toBe(`${checkout}/apps/boilerhouse/src/main.ts pool list a b\n`)
      expect(exitCode).toBe(42)
    }
  })
})
