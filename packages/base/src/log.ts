import type { Clock } from './clock.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>

/** Structured log: one JSON object a line. Fields hold ids and figures, never secrets. */
export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  child(fields: LogFields): Logger
}

const ranks: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 }

export interface LoggerOptions {
  readonly level: LogLevel
  readonly clock: Clock
  readonly write: (line: string) => void
}

export function createLogger(options: LoggerOptions, fields: LogFields = {}): Logger {
  const at = (level: LogLevel) => (message: string, more?: LogFields) => {
    if (ranks[level] < ranks[options.level]) return
    const time = new Date(options.clock.nowMs()).toISOString()
    options.write(line({ time, level, message }, { ...plain(fields), ...plain(more) }))
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => createLogger(options, { ...fields, ...more }),
  }
}

export const silentLogger: Logger = createLogger({
  level: 'error',
  clock: { nowMs: () => 0, monotonicMs: () => 0, sleep: async () => {} },
  write: () => {},
})

/** A field that cannot be written costs the fields, never the caller. */
function line(head: LogFields, fields: LogFields): string {
  try {
    return JSON.stringify({ ...head, ...fields }, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  } catch (error) {
    return JSON.stringify({ ...head, unprintable: String(error) })
  }
}

function plain(fields: LogFields = {}): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? errorFields(value) : value]),
  )
}

const errorFields = (error: Error): LogFields => ({
  name: error.name,
  message: error.message,
  ...('code' in error ? { code: error.code } : {}),
  stack: error.stack,
  ...(error.cause instanceof Error ? { cause: errorFields(error.cause) } : {}),
})
