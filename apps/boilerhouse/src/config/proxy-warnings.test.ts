import { describe, expect, test } from 'bun:test'

import { proxyWarnings } from './proxy-warnings.ts'

const names = (settings: Partial<Parameters<typeof proxyWarnings>[0]>) =>
  proxyWarnings({ host: '127.0.0.1', trustProxy: false, ...settings }).map((text) => text.split(' ')[0])

describe('the start and the doctor warn', () => {
  test('of one origin for all tenants, where others than this machine reach the proxy', () => {
    expect(names({ host: '0.0.0.0' })).toEqual(['BOILERHOUSE_PROXY_DOMAIN'])
    expect(names({ proxyUrl: 'https://box.example' })).toEqual(['BOILERHOUSE_PROXY_DOMAIN'])
    expect(names({ host: '0.0.0.0', proxyDomain: 'box.example' })).toEqual([])
  })

  test('of addresses that nobody outside can use, behind another proxy', () => {
    expect(names({ trustProxy: true, proxyDomain: 'box.example' })).toEqual(['BOILERHOUSE_PROXY_URL'])
    expect(names({ trustProxy: true, proxyDomain: 'box.example', proxyUrl: 'https://box.example' })).toEqual([])
  })

  test('of nothing on a laptop', () => {
    expect(names({})).toEqual([])
  })
})
