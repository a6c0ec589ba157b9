import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { noTracer, type Tracer } from '@boilerhouse/base'

import { version } from './version.ts'

export interface Tracing {
  readonly tracer: Tracer
  /** Sends what is left. */
  close(): Promise<void>
}

/** Traces to an OTLP collector over HTTP; none are made where no endpoint is set. */
export function openTracing(endpoint: string | undefined): Tracing {
  if (endpoint === undefined) return { tracer: noTracer, close: async () => {} }
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'boilerhouse', 'service.version': version }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` }) }),
    ],
  })
  const tracer = provider.getTracer('boilerhouse', version)
  return {
    tracer: {
      span: (name, attributes, action) =>
        tracer.startActiveSpan(name, { attributes }, async (span) => {
          try {
            return await action()
          } catch (error) {
            span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
            throw error
          } finally {
            span.end()
          }
        }),
    },
    async close() {
      await provider.shutdown()
      trace.disable()
      context.disable()
    },
  }
}
