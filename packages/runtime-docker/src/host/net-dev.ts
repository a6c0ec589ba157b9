export interface InterfaceTotals {
  readonly networkRxBytes: number
  readonly networkTxBytes: number
  readonly networkPackets: number
}

/** Totals of `/proc/<pid>/net/dev`, that process's own network namespace, loopback left out. */
export function parseNetDev(text: string): InterfaceTotals {
  const totals = { networkRxBytes: 0, networkTxBytes: 0, networkPackets: 0 }
  for (const line of text.split('\n')) {
    const [name = '', figures] = line.split(':')
    if (figures === undefined || name.trim() === 'lo') continue
    const columns = figures.trim().split(/\s+/).map(Number)
    totals.networkRxBytes += columns[0] ?? 0
    totals.networkTxBytes += columns[8] ?? 0
    totals.networkPackets += (columns[1] ?? 0) + (columns[9] ?? 0)
  }
  return totals
}
