import { expect, test } from 'bun:test'

import type { Principal } from '@boilerhouse/resources'

import type { Access, Method } from '../route.ts'
import { authorize } from './authorize.ts'
import { mayClaimFrom } from './may-claim-from.ts'

const codeOf = (role: string, access: string, method: Method, more: object = {}): string => {
  const principal = { kind: 'key', id: 'k', role, projectId: 'default', ...more } as Principal
  try {
    authorize({ operationId: 'x', method, role: access as Access }, principal, { tenantId: 'alice' })
    return 'allowed'
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('an unknown guard is no open door: what no role is named for, only an admin does', () => {
  for (const role of ['viewer', 'tenant']) {
    for (const guard of ['nobody-knows-this', '', 'Open', 'ANY']) {
      expect(codeOf(role, guard, 'GET', { tenantId: 'alice' })).toBe('auth.forbidden')
    }
  }
})

test('a key of a role that this program does not know may do nothing', () => {
  for (const role of ['owner', '', 'Admin', 'tenant ', '__proto__', 'constructor']) {
    for (const access of ['admin', 'viewer', 'tenant']) {
      expect(codeOf(role, access, 'GET', { tenantId: 'alice' })).toBe('auth.forbidden')
    }
  }
})

test("a tenant's key without a tenant may do nothing, and one without pools claims from none", () => {
  expect(codeOf('tenant', 'tenant', 'GET')).toBe('auth.forbidden')
  const principal: Principal = { kind: 'key', id: 'k', role: 'tenant', projectId: 'default' }
  expect(mayClaimFrom(principal, 'demo')).toBe(false)
  expect(mayClaimFrom({ ...principal, pools: ['demo2'] } as Principal, 'demo')).toBe(false)
})

test('tenant ids that look alike are not the same tenant', () => {
  for (const tenantId of ['Alice', 'alice ', 'alice.', 'alicе', 'ａlice', 'alic', 'alice-b', '']) {
    expect(codeOf('tenant', 'tenant', 'GET', { tenantId })).toBe('claim.not_found')
  }
  expect(codeOf('tenant', 'tenant', 'GET', { tenantId: 'alice' })).toBe('allowed')
})
