import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describeSettings } from './describe-settings.ts'
import { loadConfig, readAdminKey, type ConfigSurroundings } from './load-config.ts'

const uid = process.getuid?.() ?? 0
let home: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'bh-config-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

const from = (env: Record<string, string> = {}, more: Partial<ConfigSurroundings> = {}): ConfigSurroundings => ({
  env: { XDG_RUNTIME_DIR: join(home, 'run'), ...env },
  cwd: home,
  homeDir: home,
  uid,
  ...more,
})
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

describe('the first start', () => {
  test('makes the data directory 0700, and both keys and the installation id 0600', async () => {
    const config = await loadConfig(from())
    expect(config.dataDir).toBe(join(home, '.local/share/boilerhouse'))
    expect(await modeOf(config.dataDir)).toBe('700')
    for (const name of ['admin.key', 'secret.key', 'installation']) expect(await modeOf(join(config.dataDir, name))).toBe('600')
    expect(config.apiKey).toMatch(/^bh_[\w-]{32}$/)
    expect(config.installationId).toMatch(/^[0-9a-f]{12}$/)
    expect(await readAdminKey(from())).toBe(config.apiKey)
  })

  test('twenty at once all end with the same keys and the same installation', async () => {
    const configs = await Promise.all(Array.from({ length: 20 }, () => loadConfig(from())))
    expect(new Set(configs.map((c) => `${c.apiKey} ${c.secretKey} ${c.installationId}`)).size).toBe(1)
  })

  test('a second start reads what the first one made, and closes files that others could read', async () => {
    const first = await loadConfig(from())
    await chmod(join(first.dataDir, 'admin.key'), 0o644)
    await chmod(first.dataDir, 0o755)
    const second = await loadConfig(from())
    expect([second.apiKey, second.secretKey, second.installationId]).toEqual([
      first.apiKey,
      first.secretKey,
      first.installationId,
    ])
    expect(await modeOf(join(first.dataDir, 'admin.key'))).toBe('600')
    expect(await modeOf(first.dataDir)).toBe('700')
  })

  test('a key from the environment is used and not written to disk', async () => {
    const config = await loadConfig(from({ BOILERHOUSE_API_KEY: 'an-admin-key-of-my-own' }))
    expect(config.apiKey).toBe('an-admin-key-of-my-own')
    expect(await Bun.file(join(config.dataDir, 'admin.key')).exists()).toBe(false)
  })

  test('an emptied key file is refused, never replaced by a new key', async () => {
    const config = await loadConfig(from())
    await writeFile(join(config.dataDir, 'secret.key'), '')
    await expect(loadConfig(from())).rejects.toThrow('secret.key is empty')
  })
})

describe('places', () => {
  test('slots lie below /run as root, else below XDG_RUNTIME_DIR, which must then be there', async () => {
    const config = await loadConfig(from({}, { uid }))
    const parent = uid === 0 ? '/run/boilerhouse' : join(home, 'run/boilerhouse')
    expect(config.slotsDir).toBe(join(parent, config.installationId))
    expect([config.hostDataDir, config.hostSlotsDir]).toEqual([config.dataDir, config.slotsDir])
  })

  test('the file is found in the working directory, before the one in the data directory', async () => {
    await mkdir(join(home, 'data'), { mode: 0o700 })
    await writeFile(join(home, 'data/boilerhouse.yaml'), 'port: 4001\n')
    const env = { BOILERHOUSE_DATA_DIR: join(home, 'data') }
    expect((await loadConfig(from(env))).port).toBe(4001)
    await writeFile(join(home, 'boilerhouse.yaml'), 'port: 4002\n')
    expect((await loadConfig(from(env))).port).toBe(4002)
    await writeFile(join(home, 'other.yaml'), 'port: 4003\n')
    expect((await loadConfig(from({ ...env, BOILERHOUSE_CONFIG: 'other.yaml' }))).port).toBe(4003)
    await expect(loadConfig(from({ ...env, BOILERHOUSE_CONFIG: 'gone.yaml' }))).rejects.toThrow(
      'gone.yaml cannot be read: ENOENT',
    )
  })

  test('a file that is not YAML is refused with the line', async () => {
    await writeFile(join(home, 'boilerhouse.yaml'), 'port: 1\nport: 2\n')
    await expect(loadConfig(from())).rejects.toThrow(/boilerhouse.yaml is not YAML: .*line 2/)
  })

  test('a data directory that cannot be one is refused with its name and value', async () => {
    await writeFile(join(home, 'file'), '')
    await expect(loadConfig(from({ BOILERHOUSE_DATA_DIR: join(home, 'file') }))).rejects.toThrow(
      `BOILERHOUSE_DATA_DIR=${join(home, 'file')} cannot be used`,
    )
    await expect(loadConfig(from({}, { uid: uid + 1 }))).rejects.toThrow('belongs to uid')
  })

  test('a certificate that cannot be read stops the start with the setting', async () => {
    const env = { BOILERHOUSE_TLS_CERT: 'gone.pem', BOILERHOUSE_TLS_KEY: 'gone.key' }
    await expect(loadConfig(from(env))).rejects.toThrow('BOILERHOUSE_TLS_CERT=gone.pem: cannot be read (ENOENT)')
  })
})

test('settings are shown with their sources, and no secret or password among them', async () => {
  const config = await loadConfig(
    from({ DATABASE_URL: 'postgres://me:pass:w@rd@db/x?password=word2', BOILERHOUSE_API_KEY: 'an-admin-key-of-my-own' }),
  )
  const lines = describeSettings(config)
  const text = JSON.stringify(lines)
  for (const hidden of ['pass:w@rd', 'word2', 'an-admin-key-of-my-own', config.secretKey]) expect(text).not.toContain(hidden)
  expect(lines.find((line) => line.name === 'secretKey')).toMatchObject({ value: '(set)', source: 'generated' })
  expect(lines.find((line) => line.name === 'databaseUrl')).toMatchObject({
    value: 'postgres://me:***@db/x?password=***',
    source: 'environment',
  })
})

test('the page of the settings names every variable', async () => {
  const { renderSettingsPage } = await import('./settings-page.ts')
  expect(renderSettingsPage()).toContain('| `BOILERHOUSE_PROXY_PORT` | `proxyPort` | 0 to 65535 | `3001` |')
  expect(await readFile(join(import.meta.dirname, '../../../../docs/configuration.md'), 'utf8')).toBe(renderSettingsPage())
})
