/** Log lines as they are for programs; at a terminal one short line each: time, level, message, facts. */
export function logWriter(isTerminal: boolean, write: (line: string) => void): (line: string) => void {
  return isTerminal ? (line) => write(readable(line)) : write
}

function readable(line: string): string {
  // The logger wrote it: an object with these fields.
  const { time, level, message, ...facts } = JSON.parse(line) as Record<string, unknown> & {
    time: string
    level: string
    message: string
  }
  const told = Object.entries(facts).map(([name, value]) => `${name}=${shown(value)}`)
  return [time.slice(11, 19), level.toUpperCase().padEnd(5), message, ...told].join(' ')
}

/** An error by its message: its stack is for programs. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (value !== null && typeof value === 'object' && 'message' in value) return JSON.stringify(value.message)
  return JSON.stringify(value)
}
