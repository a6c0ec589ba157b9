import { describe, expect, test } from 'bun:test'

import { isFault } from '@boilerhouse/base'

import { parseSettings, type SettingsInput } from './parse-settings.ts'
import { settingNames, variableOf } from './settings-schema.ts'

const parse = (env: Record<string, string>, content?: unknown) =>
  parseSettings({ env, ...(content === undefined ? {} : { file: { path: '/etc/boilerhouse.yaml', content } }) } as SettingsInput)

function refusal(env: Record<string, string>, content?: unknown): string {
  try {
    parse(env, content)
  } catch (error) {
    if (isFault(error, 'setting.invalid')) return `${error.message}\n${error.remedy}`
    throw error
  }
  throw new Error('nothing was refused')
}

describe('where a setting comes from', () => {
  test('the environment wins over the file, the file over the default, and each value says so', () => {
    const { settings, sources } = parse({ BOILERHOUSE_PORT: '4000' }, { port: 5000, proxyPort: 5001 })
    expect([settings.port, settings.proxyPort, settings.host]).toEqual([4000, 5001, '127.0.0.1'])
    expect([sources.get('port'), sources.get('proxyPort'), sources.get('host')]).toEqual(['environment', 'file', 'default'])
  })

  test('a variable that is set to nothing counts as unset', () => {
    const { settings, sources } = parse({ BOILERHOUSE_PORT: '', BOILERHOUSE_API_KEY: '' })
    expect(settings.port).toBe(3000)
    expect(settings.apiKey).toBeUndefined()
    expect(sources.get('port')).toBe('default')
  })

  test('lists and flags are read from text', () => {
    const { settings } = parse({ BOILERHOUSE_ENV_ALLOW: 'LANG, TZ', BOILERHOUSE_TRUST_PROXY: '1' })
    expect(settings.envAllow).toEqual(['LANG', 'TZ'])
    expect(settings.trustProxy).toBe(true)
  })

  test('every setting has a variable of its own', () => {
    expect(new Set(settingNames.map(variableOf)).size).toBe(settingNames.length)
    expect(variableOf('proxyPort')).toBe('BOILERHOUSE_PROXY_PORT')
    expect(variableOf('databaseUrl')).toBe('DATABASE_URL')
  })
})

describe('a setting that cannot be used', () => {
  test('is refused with its name, its value, its place and the remedy', () => {
    const text = refusal({ BOILERHOUSE_PORT: 'eighty' }, { maxContainers: 0 })
    expect(text).toContain('BOILERHOUSE_PORT=eighty (environment): must be integer')
    expect(text).toContain('BOILERHOUSE_MAX_CONTAINERS=0 (`maxContainers` in /etc/boilerhouse.yaml): must be >= 1')
    expect(text).toContain('docs/configuration.md')
  })

  test('never shows a secret, nor the password of a database address', () => {
    const text = refusal({
      BOILERHOUSE_API_KEY: 'short-secret',
      BOILERHOUSE_SECRET_KEY: 'tiny-secret',
      DATABASE_URL: 'mysql://root:hunter2@db/x',
    })
    expect(text).not.toContain('short-secret')
    expect(text).not.toContain('tiny-secret')
    expect(text).not.toContain('hunter2')
    expect(text).toContain('BOILERHOUSE_API_KEY=(set)')
  })

  test('an unknown name in the file is refused with the nearest one', () => {
    expect(refusal({}, { proxyPrt: 1 })).toContain('`proxyPrt` (did you mean `proxyPort`?)')
    expect(refusal({}, { zzzzzzzz: 1 })).toContain('`zzzzzzzz`')
    expect(refusal({}, [1])).toContain('must hold a mapping')
  })

  test('an unknown BOILERHOUSE_ variable is warned of, with the nearest one', () => {
    const { warnings } = parse({ BOILERHOUSE_PROXY_PROT: '1', BOILERHOUSE_CONFIG: 'x', OTHER: 'x' })
    expect(warnings).toEqual(['BOILERHOUSE_PROXY_PROT is not a setting and is ignored; did you mean BOILERHOUSE_PROXY_PORT?'])
  })
})

describe('settings that do not go together', () => {
  test('a bind beyond loopback needs TLS or a trusted proxy, and is refused with both remedies', () => {
    for (const host of ['0.0.0.0', '::', '192.168.1.5', 'example.org', '127.evil.example']) {
      const text = refusal({ BOILERHOUSE_HOST: host })
      expect(text).toContain('BOILERHOUSE_TLS_CERT')
      expect(text).toContain('BOILERHOUSE_TRUST_PROXY')
    }
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost'])
      expect(parse({ BOILERHOUSE_HOST: host }).settings.host).toBe(host)
    expect(parse({ BOILERHOUSE_HOST: '0.0.0.0', BOILERHOUSE_TRUST_PROXY: 'true' }).settings.trustProxy).toBe(true)
    expect(parse({ BOILERHOUSE_HOST: '0.0.0.0', BOILERHOUSE_TLS_CERT: 'c', BOILERHOUSE_TLS_KEY: 'k' }).settings.tlsKey).toBe('k')
  })

  test("the proxy's public address is an origin, and https only where something ends TLS", () => {
    const https = { BOILERHOUSE_PROXY_URL: 'https://box.example:8443' }
    expect(refusal(https)).toContain('BOILERHOUSE_TRUST_PROXY')
    expect(parse({ ...https, BOILERHOUSE_TRUST_PROXY: 'true' }).settings.proxyUrl).toBe('https://box.example:8443')
    expect(parse({ ...https, BOILERHOUSE_TLS_CERT: 'c', BOILERHOUSE_TLS_KEY: 'k' }).settings.proxyUrl).toBeDefined()
    expect(parse({ BOILERHOUSE_PROXY_URL: 'http://box.example/' }).settings.proxyUrl).toBe('http://box.example/')
    for (const url of ['box.example', 'ftp://box.example', 'https://box.example/t', 'https://u:p@box.example', 'https://b/?x'])
      expect(refusal({ BOILERHOUSE_PROXY_URL: url, BOILERHOUSE_TRUST_PROXY: 'true' })).toContain('BOILERHOUSE_PROXY_URL')
  })

  test('a certificate without its key is refused, and a key without its certificate', () => {
    expect(refusal({ BOILERHOUSE_TLS_CERT: 'c' })).toContain('set BOILERHOUSE_TLS_KEY')
    expect(refusal({ BOILERHOUSE_TLS_KEY: 'k' })).toContain('set BOILERHOUSE_TLS_CERT')
  })

  test("an engine on another host is refused with the remedy, and so is one port for the API and the tenants' pages", () => {
    for (const host of ['tcp://10.0.0.1:2375', 'ssh://me@host', 'unix://relative.sock']) {
      expect(refusal({ DOCKER_HOST: host })).toContain("Run the server on the engine's own host")
    }
    expect(refusal({ BOILERHOUSE_PORT: '4000', BOILERHOUSE_PROXY_PORT: '4000' })).toContain('BOILERHOUSE_PROXY_PORT=4000')
    expect(parse({ BOILERHOUSE_PORT: '0', BOILERHOUSE_PROXY_PORT: '0' }).settings.port).toBe(0)
  })

  test('a network range has to be private, aligned and of a useful size', () => {
    for (const cidr of [
      '8.8.8.0/24',
      '10.0.0.0/30',
      '10.0.0.0/4',
      '10.1.2.3/16',
      '10.0.0.999/24',
      '172.16.0.0/8',
      '192.0.0.0/8',
    ]) {
      expect(refusal({ BOILERHOUSE_NETWORK_CIDR: cidr })).toContain(`BOILERHOUSE_NETWORK_CIDR=${cidr}`)
    }
    for (const cidr of ['10.0.0.0/8', '172.20.0.0/16', '192.168.0.0/16', '100.64.0.0/10']) {
      expect(parse({ BOILERHOUSE_NETWORK_CIDR: cidr }).settings.networkCidr).toBe(cidr)
    }
  })
})
