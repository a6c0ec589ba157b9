import { expect, test } from 'bun:test'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { createClient } from '@boilerhouse/client'

import { commands } from '../commands.ts'
import { exitCodes } from './exit-codes.ts'
import { runCli } from './run.ts'

/** Runs the command against a server that answers every request with `answer`; what was printed, and what it was asked. */
async function update(argv: readonly string[], file: string, answer: object) {
  const directory = await mkdtemp(join(tmpdir(), 'bh-update-'))
  const asked: unknown[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url)
      asked.push([request.method, pathname, request.headers.get('if-match'), await request.json()])
      return Response.json(answer)
    },
  })
  try {
    await writeFile(join(directory, 'object.yaml'), file)
    let [stdout, stderr] = ['', '']
    const exitCode = await runCli([...argv, '--file', join(directory, 'object.yaml')], {
      commands,
      signal: new AbortController().signal,
      connect: async () => createClient({ baseUrl: server.url.origin, key: 'k' }),
      stdout: (chunk) => void (stdout += String(chunk)),
      stderr: (chunk) => void (stderr += String(chunk)),
    })
    return { exitCode, stdout, stderr, asked }
  } finally {
    await server.stop(true)
    await rm(directory, { recursive: true })
  }
}

test.each([
  ['pool', '/api/v1/pools/demo', { phase: 'steady' }, 'demo steady, revision 8\n'],
  ['workload', '/api/v1/workloads/demo', { state: 'creating' }, 'demo creating, revision 8\n'],
] as const)('%s update puts what the file holds and says what came of it', async (noun, path, status, line) => {
  const done = await update([noun, 'update', 'demo'], 'minSize: 2\n', { id: 'demo', revision: 8, status })
  expect(done).toEqual({ exitCode: exitCodes.ok, stdout: line, stderr: '', asked: [['PUT', path, null, { minSize: 2 }]] })
})

test('--revision asks that nobody changed it since', async () => {
  const answer = { id: 'demo', revision: 8, status: { phase: 'steady' } }
  const { asked } = await update(['pool', 'update', 'demo', '--revision', '7'], 'minSize: 2\n', answer)
  expect(asked).toEqual([['PUT', '/api/v1/pools/demo', '"7"', { minSize: 2 }]])
})

test('a file that holds no object is exit code 2, and the server is not asked', async () => {
  const { exitCode, stdout, asked } = await update(['pool', 'update', 'demo'], '- a list\n', {})
  expect([exitCode, stdout, asked]).toEqual([2, '', []])
})
