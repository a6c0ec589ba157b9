import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

import { Fault } from '@boilerhouse/base'

import { ensureDataDir, keptLine, readKept } from './kept-file.ts'
import { parseSettings, type ParsedSettings, type SettingSource } from './parse-settings.ts'
import { readSettingsFile } from './settings-file.ts'
import { variableOf, type SettingName, type Settings } from './settings-schema.ts'

export const adminKeyFile = 'admin.key'
const secretKeyFile = 'secret.key'
const installationFile = 'installation'

type Filled = 'apiKey' | 'secretKey' | 'dataDir' | 'hostDataDir' | 'slotsDir' | 'hostSlotsDir' | 'workloadsDir' | 'busyboxPath'

/** Settings with every path and key filled in, as the server runs with them. */
export type Config = Omit<Settings, Filled> &
  Required<Pick<Settings, Filled>> & {
    /** 12 hex characters, one a data directory: labels all that is ours in the engine. */
    readonly installationId: string
    readonly sources: ReadonlyMap<SettingName, SettingSource>
    readonly warnings: readonly string[]
    readonly tls: { readonly cert: string; readonly key: string } | undefined
  }

/** The parts of the process that settings are read from; given by tests, else the real ones. */
export interface ConfigSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly homeDir: string
  readonly uid: number
}

const processSurroundings = (): ConfigSurroundings => ({
  env: process.env,
  cwd: process.cwd(),
  homeDir: homedir(),
  uid: process.getuid?.() ?? 0,
})

const here = import.meta.dirname
const checkoutDir = resolve(here, '../../../..')

/** Reads the settings and makes nothing: for commands that only talk to a server. */
export async function readSettings(
  from: ConfigSurroundings = processSurroundings(),
): Promise<ParsedSettings & { dataDir: string; serverUrl: string | undefined }> {
  const fallback = join(from.homeDir, '.local/share/boilerhouse')
  const file = await readSettingsFile({
    named: from.env['BOILERHOUSE_CONFIG'],
    cwd: from.cwd,
    dataDir: resolve(from.cwd, from.env[variableOf('dataDir')] || fallback),
  })
  const parsed = parseSettings({ env: from.env, ...(file ? { file } : {}) })
  return {
    ...parsed,
    dataDir: resolve(from.cwd, parsed.settings.dataDir ?? fallback),
    serverUrl: from.env['BOILERHOUSE_URL'] || undefined,
  }
}

/** The admin key of the server of this data directory: the setting, else the kept one; `undefined` before the first start. */
export async function readAdminKey(from: ConfigSurroundings = processSurroundings()): Promise<string | undefined> {
  const { settings, dataDir } = await readSettings(from)
  return settings.apiKey ?? readKept(join(dataDir, adminKeyFile))
}

/** Reads the settings and prepares the data directory, its keys and its installation id. Throws `setting.invalid`. */
export async function loadConfig(from: ConfigSurroundings = processSurroundings()): Promise<Config> {
  const { settings, sources, warnings, dataDir } = await readSettings(from)
  await ensureDataDir(dataDir, from.uid)
  const installation = await keptLine(dataDir, installationFile, () => randomBytes(6).toString('hex'))
  const apiKey =
    settings.apiKey ?? (await keptLine(dataDir, adminKeyFile, () => `bh_${randomBytes(24).toString('base64url')}`)).line
  const secretKey =
    settings.secretKey ?? (await keptLine(dataDir, secretKeyFile, () => randomBytes(32).toString('base64url'))).line
  const absolute = (path: string | undefined): string | undefined => (path === undefined ? undefined : resolve(from.cwd, path))
  const slotsDir = absolute(settings.slotsDir) ?? join(runtimeDir(from), 'boilerhouse', installation.line)
  const told = new Map(sources)
  if (!settings.apiKey) told.set('apiKey', 'generated')
  if (!settings.secretKey) told.set('secretKey', 'generated')
  return {
    ...settings,
    apiKey,
    secretKey,
    dataDir,
    hostDataDir: settings.hostDataDir ?? dataDir,
    slotsDir,
    hostSlotsDir: settings.hostSlotsDir ?? slotsDir,
    workloadsDir: absolute(settings.workloadsDir) ?? join(dataDir, 'workloads'),
    busyboxPath: absolute(settings.busyboxPath) ?? join(checkoutDir, '.tools/bin/busybox'),
    installationId: installation.line,
    sources: told,
    warnings,
    tls: await readTls(settings, from.cwd),
  }
}

function runtimeDir({ env, uid }: ConfigSurroundings): string {
  if (uid === 0) return '/run'
  const directory = env['XDG_RUNTIME_DIR']
  if (directory) return directory
  throw new Fault('setting.invalid', 'BOILERHOUSE_SLOTS_DIR is not set, and there is no XDG_RUNTIME_DIR to put slots into', {
    remedy: 'Log in with a session that has XDG_RUNTIME_DIR, or set BOILERHOUSE_SLOTS_DIR to a directory of yours on a tmpfs.',
  })
}

async function readTls({ tlsCert, tlsKey }: Settings, cwd: string): Promise<Config['tls']> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  const read = (name: SettingName, path: string, mark: RegExp): Promise<string> =>
    readFile(resolve(cwd, path), 'utf8').then(
      (text) => {
        if (mark.test(text)) return text
        throw new Fault('setting.invalid', `${variableOf(name)}=${path}: holds no PEM block of that kind`, {
          remedy: 'Give a PEM file.',
        })
      },
      (cause: NodeJS.ErrnoException) => {
        throw new Fault('setting.invalid', `${variableOf(name)}=${path}: cannot be read (${cause.code ?? cause.message})`, {
          cause,
          remedy: 'Give a file that the user of the server may read.',
        })
      },
    )
  return {
    cert: await read('tlsCert', tlsCert, /BEGIN CERTIFICATE/),
    key: await read('tlsKey', tlsKey, /BEGIN [A-Z ]*PRIVATE KEY/),
  }
}
