import { expect, test } from 'bun:test'

import { commands } from '../commands.ts'
import { version } from '../version.ts'
import { runCli } from './run.ts'

async function run(...argv: readonly string[]) {
  let [stdout, stderr] = ['', '']
  const exitCode = await runCli(argv, {
    commands,
    signal: new AbortController().signal,
    connect: () => expect.unreachable(),
    stdout: (chunk) => void (stdout += String(chunk)),
    stderr: (chunk) => void (stderr += String(chunk)),
  })
  return { exitCode, stdout, stderr }
}

test('--version prints the version alone', async () => {
  expect(await run('--version')).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' })
})

test('the top level names every command and says what each exit code means', async () => {
  const { exitCode, stdout } = await run('--help')
  expect(exitCode).toBe(0)
  for (const { path } of commands) expect(stdout).toContain(`  ${path.join(' ')} `)
  for (const code of [2, 3, 4, 6, 7]) expect(stdout).toContain(`  ${code}  `)
})

test('what is no command is exit code 2 with what there is on stderr, and nothing on stdout', async () => {
  const { exitCode, stdout, stderr } = await run('pool', 'fly')
  expect([exitCode, stdout]).toEqual([2, ''])
  expect(stderr).toContain('There is no command "pool fly".')
  expect(stderr).toContain('pool scale')
})
