interface EndpointLike {
  readonly host: string
  readonly port: number
  readonly url?: string
}

/** `<port name>  <url or host:port>` lines of a claim's endpoints. */
export function endpointLines(endpoints: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(endpoints).map(
    ([name, value]) => `  ${name.padEnd(10)} ${typeof value === 'string' ? value : address(value as EndpointLike)}`,
  )
}

const address = ({ host, port, url }: EndpointLike): string => url ?? `${host}:${port}`
