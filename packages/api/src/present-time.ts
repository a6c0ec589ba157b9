/** Inside, times are epoch ms; outside, RFC 3339 in UTC. */
export const toRfc3339 = (ms: number): string => new Date(ms).toISOString()
