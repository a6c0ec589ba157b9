import { noTracer, type Tracer } from '@boilerhouse/base'

export interface Tracing {
  readonly tracer: Tracer
  close(): Promise<void>
}

export function openTracing(_endpoint: string | undefined): Tracing {
  return { tracer: noTracer, close: async () => {} }
}
