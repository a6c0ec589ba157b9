import { expect, test } from 'bun:test'

import { formatCidr } from './cidr.ts'
import { parseIpRoutes, parseProcRoutes, readHostRoutes } from './host-routes.ts'

test('routes of every table are read, the default route is not one', () => {
  const text = [
    'default via 192.0.2.1 dev eth0 ',
    '172.17.0.0/16 dev docker0 proto kernel scope link src 172.17.0.1 linkdown ',
    '10.9.0.0/24 via 192.0.2.9 dev eth0 table 100',
    'local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1 ',
    'blackhole 10.44.0.0/26 proto bird',
    'unreachable default dev lo metric 4294967295',
    '198.51.100.7 dev wg0 scope link',
  ].join('\n')
  expect(parseIpRoutes(text).map(formatCidr)).toEqual([
    '172.17.0.0/16',
    '10.9.0.0/24',
    '127.0.0.0/8',
    '10.44.0.0/26',
    '198.51.100.7/32',
  ])
})

test('the kernel table is read where there is no ip command', () => {
  const text = [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
  ].join('\n')
  expect(parseProcRoutes(text).map(formatCidr)).toEqual(['172.17.0.0/16', '192.0.2.0/24'])
})

test("this host's loopback network is among its routes", async () => {
  const routes = await readHostRoutes(new AbortController().signal)
  expect(routes.map(formatCidr)).toContain('127.0.0.0/8')
})
