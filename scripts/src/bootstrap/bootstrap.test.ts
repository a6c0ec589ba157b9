import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { askEngine, engineSocket } from './engine-answer.ts'
import { runCommand } from './run-command.ts'
import { isStaticElf } from './static-busybox.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bh-bootstrap-'))
})
afterAll(() => rm(directory, { recursive: true }))

describe('the engine', () => {
  test('is found where DOCKER_HOST says, and an engine of another machine is none', () => {
    expect(engineSocket(undefined)).toBe('/var/run/docker.sock')
    expect(engineSocket('')).toBe('/var/run/docker.sock')
    expect(engineSocket('unix:///run/user/1000/docker.sock')).toBe('/run/user/1000/docker.sock')
    expect(engineSocket('tcp://10.0.0.1:2375')).toBeUndefined()
    expect(engineSocket('ssh://me@there')).toBeUndefined()
  })

  test('that answers tells its version, live-restore, and whether it is Docker Desktop', async () => {
    const unix = join(directory, 'engine.sock')
    const info = { ServerVersion: '20.1', LiveRestoreEnabled: true, OperatingSystem: 'Docker Desktop' }
    await using server = Bun.serve({ unix, fetch: () => Response.json(info) })
    expect(server.url).toBeDefined()
    expect(await askEngine(unix, 1000)).toEqual({
      kind: 'answers',
      info: { version: '20.1', hasLiveRestore: true, isDesktop: true },
    })
  })

  test('that is not there, or answers with an error, is silent with the reason', async () => {
    expect(await askEngine(join(directory, 'none.sock'), 1000)).toMatchObject({ kind: 'silent' })
    const unix = join(directory, 'broken.sock')
    await using server = Bun.serve({ unix, fetch: () => new Response('', { status: 500 }) })
    expect(server.url).toBeDefined()
    expect(await askEngine(unix, 1000)).toEqual({ kind: 'silent', reason: 'it answered 500' })
  })
})

describe('the set-up, where the engine', () => {
  /** The real set-up in a process of its own, against an engine that says `info`. */
  async function setUp(dockerHost: string): Promise<{ exitCode: number; output: string }> {
    return await runCommand([process.execPath, join(import.meta.dirname, '../bootstrap.ts')], {
      env: { DOCKER_HOST: dockerHost },
    })
  }
  async function setUpWith(name: string, info: object): Promise<{ exitCode: number; output: string }> {
    const unix = join(directory, `${name}.sock`)
    await using server = Bun.serve({ unix, fetch: () => Response.json(info) })
    expect(server.url).toBeDefined()
    return await setUp(`unix://${unix}`)
  }

  test('has live-restore, says one line', async () => {
    const { exitCode, output } = await setUpWith('good', { ServerVersion: '20.1', LiveRestoreEnabled: true })
    expect(output).toMatch(/^ok +Bun .*, busybox, rclone .*, iptables, Docker 20\.1$/)
    expect(exitCode).toBe(0)
  })

  test('has no live-restore, prints the line that would change it, changes nothing and goes on', async () => {
    const { exitCode, output } = await setUpWith('plain', { ServerVersion: '20.1', LiveRestoreEnabled: false })
    expect(output).toContain('"live-restore": true')
    expect(output).toContain('Your configuration is left alone')
    expect(exitCode).toBe(0)
  })

  test('is Docker Desktop, on another machine or silent, says so with the remedy and ends with 1', async () => {
    const desktop = await setUpWith('desktop', { ServerVersion: '27', OperatingSystem: 'Docker Desktop' })
    const answers = [desktop, await setUp('tcp://10.0.0.1:2375'), await setUp(`unix://${join(directory, 'nobody.sock')}`)]
    for (const [i, text] of ['Docker Desktop', 'leads to another machine', 'No engine answers'].entries()) {
      expect(answers[i]?.output).toContain(text)
      expect(answers[i]?.output).toContain('remedy')
      expect(answers[i]?.exitCode).toBe(1)
    }
  })
})

test('a static program is told from a dynamic one, and from no program', async () => {
  await writeFile(join(directory, 'text'), '#!/bin/sh\n')
  expect(await isStaticElf(join(import.meta.dirname, '../../../.tools/bin/busybox'))).toBe(true)
  expect(await isStaticElf(process.execPath)).toBe(false)
  expect(await isStaticElf(join(directory, 'text'))).toBe(false)
  expect(await isStaticElf(join(directory, 'gone'))).toBe(false)
})

test('a command that is not there is exit code 127, and one that fails shows what it said', async () => {
  expect((await runCommand(['no-such-program-here'])).exitCode).toBe(127)
  expect(await runCommand(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({ exitCode: 3, output: 'out\nerr' })
})
