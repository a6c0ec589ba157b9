import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chown, cp, mkdir, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { runCommand } from './run-command.ts'

const root = join(import.meta.dirname, '../../..')
const uid = 23_457
let checkout: string

/** A checkout that belongs to the user, with nothing in `.tools` yet. */
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'bh-not-root-'))
  await mkdir(join(checkout, '.tools'))
  await cp(join(root, 'scripts/src'), join(checkout, 'scripts/src'), { recursive: true })
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'))
  for (const path of ['.tools', '']) await chown(join(checkout, path), uid, uid)
})
afterAll(() => rm(checkout, { recursive: true }))

const setUpAs = (gid: number) =>
  runCommand(
    [
      'setpriv',
      `--reuid=${uid}`,
      `--regid=${gid}`,
      '--clear-groups',
      '--',
      process.execPath,
      join(checkout, 'scripts/src/bootstrap.ts'),
    ],
    { env: { HOME: checkout, DOCKER_HOST: '' } },
  )

test('a user who may use the engine needs nothing of root where everything is installed', async () => {
  const { exitCode, output } = await setUpAs((await stat('/var/run/docker.sock')).gid)
  expect(output).toMatch(/^ok +Bun .*, busybox, rclone .*, iptables, Docker /m)
  expect(exitCode).toBe(0)
  expect((await readdir(join(checkout, '.tools/bin'))).toSorted()).toEqual(['busybox', 'rclone'])
})

test('a user who may not use the engine is told the command that changes it, and the set-up ends with 1', async () => {
  const { exitCode, output } = await setUpAs(uid)
  expect(output).toContain('This user may not use the Docker engine at /var/run/docker.sock')
  expect(output).toContain('sudo usermod -aG docker "$USER"')
  expect(exitCode).toBe(1)
})
