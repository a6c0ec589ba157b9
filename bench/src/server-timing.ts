/** The phases of a `Server-Timing` header, in ms. */
export function readServerTiming(header: string | null): Readonly<Record<string, number>> {
  const phases: Record<string, number> = {}
  for (const entry of (header ?? '').split(',')) {
    const [name, ...parameters] = entry.split(';').map((part) => part.trim())
    const duration = parameters.find((parameter) => parameter.startsWith('dur='))
    if (name && duration) phases[name] = Number(duration.slice('dur='.length))
  }
  return phases
}
