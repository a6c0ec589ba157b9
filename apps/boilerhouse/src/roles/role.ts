import type { House } from '../compose.ts'

export const roleNames = ['api', 'controllers'] as const

/** One kind of work a process does. `boilerhouse up` runs every role of one machine; `serve --role` runs some. */
export interface Role {
  readonly name: (typeof roleNames)[number]
  start(house: House): Promise<RunningRole>
}

export interface RunningRole {
  /** Shown at the start: what it does and where. */
  readonly told: readonly string[]
  /** Where the API answers, of the role that serves it. */
  readonly url?: string
  /** Ends what runs; containers stay. */
  stop(): Promise<void>
}
