import { isFault } from '@boilerhouse/base'
import { describe, expect, test } from 'bun:test'

import {
  assertWorkload,
  createValidator,
  networkAccessOf,
  poolFaults,
  scaleFaults,
  workloadFaults,
  WorkloadSpec,
} from '../mod.ts'

const policy = { allowNetworks: ['host', 'backend'], allowEnvironment: ['REGION'] }
const spec = (fields: object): WorkloadSpec => createValidator(WorkloadSpec).parse({ name: 'x', image: 'y', ...fields })
const faultsOf = (fields: object) => workloadFaults(spec(fields), policy)
const at = (fields: object) => faultsOf(fields).map(({ pointer }) => pointer)

describe('workloadFaults', () => {
  test('a plain workload has none', () => expect(at({})).toEqual([]))

  test('wants exactly one of image and build', () => {
    expect(at({ build: { context: 'c' } })).toEqual(['/build'])
    expect(workloadFaults(createValidator(WorkloadSpec).parse({ name: 'x' }), policy).map(({ pointer }) => pointer)).toEqual([
      '/image',
    ])
  })

  test.each(['a b', 'UPPER', 'x:', 'x@sha256:12', 'http://host/x', 'a//b', '-a', 'a/', 'x:y:z'])(
    'refuses the image %s, which no engine can hold',
    (image) => expect(at({ image })).toEqual(['/image']),
  )

  test.each([
    'demo',
    'boilerhouse/demo:latest',
    'Registry.Example:5000/a/b_c__d-e.f:V1.2-x',
    `demo@sha256:${'a'.repeat(64)}`,
    `sha256:${'0'.repeat(64)}`,
    'localhost/x:1',
  ])('takes the image %s', (image) => expect(at({ image })).toEqual([]))

  test('takes capabilities that exist, with or without CAP_, and ALL; refuses others', () => {
    expect(at({ security: { capabilities: ['NET_BIND_SERVICE', 'CAP_CHOWN'] } })).toEqual([])
    expect(at({ security: { capabilities: ['ALL'] } })).toEqual([])
    expect(at({ security: { capabilities: ['CHOWN', 'BANANA', 'CAP_'] } })).toEqual([
      '/security/capabilities/1',
      '/security/capabilities/2',
    ])
  })

  test.each([[{}], [{ command: ['a'], tcp: { port: 1 } }]])('wants exactly one kind of probe, refuses %j', (healthCheck) => {
    expect(at({ healthCheck })).toEqual(['/healthCheck'])
  })

  test.each([
    ['command', ['true']],
    ['http', { port: 80 }],
    ['tcp', { port: 80 }],
  ])('takes a probe by %s', (kind, value) => {
    expect(at({ healthCheck: { [kind]: value } })).toEqual([])
  })

  test.each([
    '/',
    '/proc',
    '/proc/x',
    '/sys',
    '/dev/shm',
    '/boilerhouse',
    '/boilerhouse/secrets',
    '/a/',
    '/a//b',
    '/a/../b',
    '/a/.',
    '/a:b',
    '/a,b',
  ])('refuses the container path %s', (containerPath) =>
    expect(at({ volumes: { state: { containerPath } } })).toEqual(['/volumes/state/containerPath']),
  )

  test.each(['/process', '/data', '/boilerhouses', '/home/user/.cache', '/a/..b'])(
    'takes the container path %s',
    (containerPath) => {
      expect(at({ volumes: { state: { containerPath } } })).toEqual([])
    },
  )

  test('refuses equal and nested container paths, whichever comes first', () => {
    const custom = (a: string, b: string) => ({
      volumes: { state: { containerPath: a }, custom: [{ name: 'c', containerPath: b }] },
    })
    for (const paths of [
      ['/a', '/a'],
      ['/a', '/a/b'],
      ['/a/b', '/a'],
    ] as const) {
      expect(at(custom(paths[0], paths[1]))).toEqual(['/volumes/custom/0/containerPath'])
    }
    expect(at(custom('/a', '/ab'))).toEqual([])
  })

  test('refuses repeated volume and port names, and port names that the endpoints need', () => {
    const volume = (containerPath: string) => ({ name: 'v', containerPath })
    expect(at({ volumes: { custom: [volume('/a'), volume('/b')] } })).toEqual(['/volumes/custom/1/name'])
    const port = (name: string) => ({ name, containerPort: 80 })
    expect(at({ ports: [port('a'), port('a'), port('proxy'), port('socket')] })).toEqual([
      '/ports/1/name',
      '/ports/2/name',
      '/ports/3/name',
    ])
  })

  test('reads networkMode: none, bridge, and others only from the allow list', () => {
    const access = (networkMode: string) => networkAccessOf(spec({ security: { networkMode } }))
    expect([access('none'), access('bridge'), access('host'), access('backend')]).toEqual([
      'none',
      'unrestricted',
      'host',
      { named: 'backend' },
    ])
    expect(networkAccessOf(spec({ network: { access: 'unrestricted' } }))).toBe('unrestricted')
    for (const networkMode of ['host', 'backend']) expect(at({ security: { networkMode } })).toEqual([])
    for (const networkMode of ['other', 'container:abc', '', 'unrestricted'])
      expect(at({ security: { networkMode } })).toEqual(['/security/networkMode'])
    expect(
      workloadFaults(spec({ security: { networkMode: 'container:abc' } }), { ...policy, allowNetworks: ['container:abc'] }),
    ).toHaveLength(1)
  })

  test.each(['${tenantId}', '${config.a}', '${secret:TOKEN}'])(
    'a running workload that uses %s is refused with the remedy',
    (value) => {
      const [fault] = faultsOf({ environment: { X: value } })
      expect(fault?.pointer).toBe('/environment/X')
      expect(fault?.detail).toContain('warmth: parked')
      expect(at({ warmth: 'parked', environment: { X: value } })).toEqual([])
    },
  )

  test('a running workload may use what is known before a claim', () => {
    expect(at({ environment: { X: '${containerId}-${poolId}-${env:REGION}-$${tenantId}' } })).toEqual([])
  })

  test.each([
    '${',
    '${}',
    '${tenant}',
    '${config}',
    '${config.}',
    '${secret:}',
    '${secret:../x}',
    '${env:A B}',
    '${constructor}',
  ])('refuses %s as unknown', (value) => expect(at({ warmth: 'parked', environment: { X: value } })).toEqual(['/environment/X']))

  test('refuses a server variable that the allow list does not hold', () => {
    expect(at({ environment: { X: '${env:HOME}' } })).toEqual(['/environment/X'])
  })

  test('refuses an environment beyond the limits of an exec', () => {
    expect(at({ environment: { X: 'x'.repeat(131_072) } })).toEqual(['/environment/X'])
    const nine = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`X${i}`, 'x'.repeat(120_000)]))
    expect(faultsOf({ environment: nine })).toEqual([
      { pointer: '/environment', detail: 'is larger than 1 MiB in all: use a secret file' },
    ])
  })

  test('a secrets volume is read-only', () => {
    expect(at({ volumes: { secrets: { containerPath: '/s', mode: 'rw' } } })).toEqual(['/volumes/secrets/mode'])
  })
})

describe('assertWorkload', () => {
  const codeOf = (fields: object) => {
    try {
      assertWorkload(spec(fields), policy)
    } catch (error) {
      return isFault(error) ? error.code : error
    }
    return 'ok'
  }
  test('a network alone has its own code, everything else is request.invalid', () => {
    expect(codeOf({})).toBe('ok')
    expect(codeOf({ security: { networkMode: 'x' } })).toBe('workload.network_not_allowed')
    expect(codeOf({ security: { networkMode: 'x' }, healthCheck: {} })).toBe('request.invalid')
  })
})

describe('pools', () => {
  test('minSize above maxSize is a fault, equal is none', () => {
    expect(poolFaults({ minSize: 3, maxSize: 2 }).map(({ pointer }) => pointer)).toEqual(['/minSize'])
    expect(poolFaults({ minSize: 2, maxSize: 2 })).toEqual([])
  })
  test('scale above maxSize is a fault at /size', () =>
    expect(scaleFaults(3, 2).map(({ pointer }) => pointer)).toEqual(['/size']))
})
