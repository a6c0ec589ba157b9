import { afterAll, beforeAll, expect, test } from 'bun:test'
import { chown, cp, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { runCommand } from './run-command.ts'

const root = join(import.meta.dirname, '../../..')
const uid = 23_457
let checkout: string

/**
 * A checkout that belongs to the user, with nothing in `.tools` yet. Not below TMPDIR, and with a Bun and dependencies of its own: this
 * checkout and the tests' directory may lie where only root may look.
 */
beforeAll(async () => {
  checkout = await mkdtemp('/tmp/bh-not-root-')
  await mkdir(join(checkout, '.tools'))
  await cp(join(root, 'scripts/src'), join(checkout, 'scripts/src'), { recursive: true })
  await cp(process.execPath, join(checkout, 'bun'))
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
      join(checkout, 'bun'),
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
