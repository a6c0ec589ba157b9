/**
 * The only place that lists transitions (design §4). A transition that no table names is `machine.unknown_transition`. From every
 * state that is not final a final one can be reached; a test walks the tables.
 */
export const containerTransitions = {
  starting: ['warm', 'failed', 'draining'],
  warm: ['bound', 'unhealthy', 'draining'],
  unhealthy: ['warm', 'draining'],
  // Quarantined straight away: a forced release whose files could not be kept.
  bound: ['lost', 'resetting', 'quarantined', 'draining'],
  lost: ['quarantined', 'draining'],
  resetting: ['warm', 'quarantined', 'draining'],
  quarantined: ['draining'],
  failed: ['draining'],
  draining: ['gone'],
  gone: [],
} as const satisfies Record<string, readonly string[]>
export type ContainerState = keyof typeof containerTransitions

export const claimTransitions = {
  pending: ['active', 'restoring', 'failed', 'releasing'],
  restoring: ['active', 'failed', 'releasing'],
  active: ['recovering', 'releasing'],
  recovering: ['active', 'failed', 'releasing'],
  releasing: ['released', 'release_failed'],
  release_failed: ['releasing', 'released'],
  released: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>
export type ClaimState = keyof typeof claimTransitions

export const poolTransitions = {
  filling: ['ready', 'degraded', 'draining'],
  ready: ['filling', 'degraded', 'draining'],
  degraded: ['filling', 'ready', 'draining'],
  draining: [],
} as const satisfies Record<string, readonly string[]>

export const workloadTransitions = {
  creating: ['ready', 'error'],
  ready: ['creating', 'error'],
  error: ['creating', 'ready'],
} as const satisfies Record<string, readonly string[]>

export const containerStates = Object.keys(containerTransitions) as readonly ContainerState[]
export const claimStates = Object.keys(claimTransitions) as readonly ClaimState[]

/** Claims that count for "at most one live per (tenant, pool)". */
export const liveClaimStates: readonly ClaimState[] = claimStates.filter((state) => claimTransitions[state].length > 0)

/** Containers that count towards `maxSize`: the engine may still run them. */
export const liveContainerStates: readonly ContainerState[] = containerStates.filter((state) => state !== 'gone')

export const isLiveClaim = (state: ClaimState): boolean => claimTransitions[state].length > 0

type Table = Readonly<Record<string, readonly string[]>>

export const canTransition = (table: Table, from: string, to: string): boolean => table[from]?.includes(to) ?? false

/** The states from which `to` may be entered: what a compare-and-set expects. */
export const sourcesOf = <State extends string>(table: Readonly<Record<State, readonly string[]>>, to: State): readonly State[] =>
  (Object.keys(table) as State[]).filter((from) => table[from].includes(to))
