import { expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { silentLogger } from '@boilerhouse/base'

import { ensureSlotsMount, isMountPoint } from './slots-mount.ts'

test('slots lie on a tmpfs of their own that only the server enters; called again, what is there stays', async () => {
  const root = mkdtempSync(join(tmpdir(), 'runtime-docker-mount '))
  const slots = join(root, 'slots')
  try {
    await ensureSlotsMount(slots, silentLogger)
    expect(isMountPoint(slots)).toBe(true)
    expect(statSync(slots).mode & 0o777).toBe(0o700)
    const line =
      readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .find((one) => one.includes('runtime-docker-mount')) ?? ''
    for (const option of ['nosuid', 'nodev', 'tmpfs']) expect(line).toContain(option)
    writeFileSync(join(slots, 'kept'), 'x')
    await ensureSlotsMount(slots, silentLogger)
    expect(readFileSync(join(slots, 'kept'), 'utf8')).toBe('x')
  } finally {
    execFileSync('umount', [slots])
    rmSync(root, { recursive: true })
  }
})

test('a server that is not root is refused a directory on a disk, with the remedy', async () => {
  const root = mkdtempSync(join(tmpdir(), 'runtime-docker-mount-'))
  execFileSync('chown', ['12345', root])
  const script = `import { silentLogger } from '@boilerhouse/base'
import { ensureSlotsMount } from ${JSON.stringify(join(import.meta.dir, 'slots-mount.ts'))}
process.getuid = () => 12345
await ensureSlotsMount(${JSON.stringify(join(root, 'slots'))}, silentLogger).catch((error) => console.log(error.code, error.remedy))`
  const refused = execFileSync(process.execPath, ['-e', script], { cwd: import.meta.dir }).toString()
  expect(refused).toContain('setting.invalid')
  expect(refused).toContain('XDG_RUNTIME_DIR')
  rmSync(root, { recursive: true })
})
