import { beforeAll, expect, test } from 'bun:test'
import { chmod } from 'node:fs/promises'

import { buildExamples, startHardened, temporaryDirectory } from '../hardened-container.fixture.ts'

beforeAll(buildExamples, 120_000)

test('sandbox stays, has a shell with tools and Bun, and a workspace to write into', async () => {
  await using workspace = await temporaryDirectory('sandbox')
  await chmod(workspace.path, 0o777)
  await using container = await startHardened({ image: 'boilerhouse/sandbox', binds: [`${workspace.path}:/workspace`] })
  const shell = (script: string) => container.exec(['sh', '-lc', script])
  expect(await shell('id -u; pwd')).toEqual({ exitCode: 0, output: '1000\n/workspace\n' })
  expect((await shell('echo hello > note && sed s/hello/bye/ note | tr a-z A-Z')).output).toBe('BYE\n')
  expect((await shell('bun --smol -e "console.log(6 * 7)"')).output).toBe('42\n')
  expect((await shell('grep -c . /tmp/environment')).exitCode).toBe(0)
  expect((await shell('echo x > /bin/x')).output).toContain('Read-only file system')
  expect(await container.stop()).toBe(0)
})
