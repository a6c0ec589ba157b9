import { describe, expect } from 'bun:test'

import { conformanceCommands } from '../conformance-subject.ts'
import { bytes, text } from './bytes.ts'
import { codeOf } from './code-of.ts'
import { it, never, type RuntimeUnderTest } from './runtime-under-test.ts'

export function executing(at: RuntimeUnderTest): void {
  const { exec, run } = at

  describe('exec', () => {
    it('exec gives exit code, both streams and takes stdin and a working directory', async () => {
      const containerId = await run()
      const result = await exec(containerId, conformanceCommands.streams)
      expect({ ...result, stdout: text(result.stdout), stderr: text(result.stderr) }).toEqual({
        exitCode: 3,
        stdout: 'out\n',
        stderr: 'err\n',
        truncated: false,
      })
      expect(text((await exec(containerId, conformanceCommands.catStdin, { stdin: bytes('through') })).stdout)).toBe('through')
      expect(text((await exec(containerId, conformanceCommands.workingDir, { workingDir: '/state' })).stdout)).toBe('/state\n')
    })

    it('exec cuts what is too long and says so', async () => {
      const result = await exec(await run(), conformanceCommands.flood)
      expect(result).toMatchObject({ exitCode: 0, truncated: true })
      expect(result.stdout.byteLength).toBe(100_000)
    })

    it('exec that does not end in time is container.exec_timeout', async () => {
      const containerId = await run()
      const late = at.runtime.exec(
        containerId,
        { command: conformanceCommands.hang, timeoutMs: 300, maxOutputBytes: 1000 },
        never,
      )
      expect(await codeOf(late)).toBe('container.exec_timeout')
    })

    it('exec of a program that is not there answers 126 or 127, never a fault of ours', async () => {
      expect([126, 127]).toContain((await exec(await run(), conformanceCommands.missing)).exitCode)
    })

    it('exec in a container that is gone is runtime.container_gone', async () => {
      const containerId = await run()
      await at.runtime.destroy(containerId, never)
      expect(await codeOf(exec(containerId, conformanceCommands.pass))).toBe('runtime.container_gone')
    })
  })
}
