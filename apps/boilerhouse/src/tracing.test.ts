import { expect, test } from 'bun:test'

import { openTracing } from './tracing.ts'

test('a span and the span inside it reach the collector as one trace, with the error of what failed', async () => {
  const bodies: string[] = []
  const collector = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      bodies.push(`${new URL(request.url).pathname} ${await request.text()}`)
      return Response.json({})
    },
  })
  try {
    const tracing = openTracing(`http://127.0.0.1:${collector.port}/`)
    const inner = () => tracing.tracer.span('claim.bind', { pool: 'p' }, () => Promise.reject(new Error('no room')))
    await expect(tracing.tracer.span('claim', {}, inner)).rejects.toThrow('no room')
    await tracing.close()
  } finally {
    await collector.stop(true)
  }
  expect(bodies[0]).toStartWith('/v1/traces ')
  const { resourceSpans } = JSON.parse(bodies[0]?.slice('/v1/traces '.length) ?? '')
  const spans = resourceSpans.flatMap((one: { scopeSpans: { spans: object[] }[] }) =>
    one.scopeSpans.flatMap((scope) => scope.spans),
  )
  const bind = spans.find(({ name }: { name: string }) => name === 'claim.bind')
  const claim = spans.find(({ name }: { name: string }) => name === 'claim')
  expect(bind).toMatchObject({ traceId: claim.traceId, parentSpanId: claim.spanId, status: { message: 'no room' } })
})

test('without an endpoint nothing is traced and the action runs all the same', async () => {
  const tracing = openTracing(undefined)
  expect(await tracing.tracer.span('claim', {}, async () => 7)).toBe(7)
  await tracing.close()
})
