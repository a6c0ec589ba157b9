import { expect, test } from 'bun:test'

import { proxyPlaceOf, proxyUrlAt } from './proxy-place.ts'

const at = (more: Partial<Parameters<typeof proxyPlaceOf>[0]>) =>
  proxyUrlAt(proxyPlaceOf({ tls: undefined, host: '127.0.0.1', proxyPort: 3001, ...more }))('alice', 'demo', { name: 'http' })

test("addresses of tenants' ports begin with where the proxy listens, or with its public address where that is set", () => {
  expect(at({})).toBe('http://127.0.0.1:3001/t/alice/demo/http/')
  expect(at({ host: '::1', tls: { cert: '', key: '' } })).toBe('https://[::1]:3001/t/alice/demo/http/')
  expect(at({ proxyUrl: 'https://box.example/' })).toBe('https://box.example/t/alice/demo/http/')
  expect(at({ proxyUrl: 'https://box.example:8443', proxyDomain: 'box.example' })).toMatch(
    /^https:\/\/http--[0-9a-f]{32}\.box\.example:8443\/$/,
  )
})
