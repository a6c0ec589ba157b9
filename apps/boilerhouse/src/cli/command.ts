import type { Client } from '@boilerhouse/client'

import type { Output } from './output.ts'

/** One flag of a command. `many` collects repetitions; `json` values are parsed once, here. */
export interface Flag {
  readonly kind: 'text' | 'whole' | 'truth' | 'many' | 'json'
  readonly about: string
  /** Shown in the help in place of the value. */
  readonly value?: string
  readonly short?: string
}

export type FlagValue<F extends Flag> = F['kind'] extends 'text'
  ? string | undefined
  : F['kind'] extends 'whole'
    ? number | undefined
    : F['kind'] extends 'truth'
      ? boolean
      : F['kind'] extends 'many'
        ? readonly string[]
        : Record<string, unknown> | undefined

export type FlagTable = Readonly<Record<string, Flag>>
export type FlagValues<Flags extends FlagTable> = { readonly [Name in keyof Flags]: FlagValue<Flags[Name]> }

export interface Invocation<Flags extends FlagTable> {
  readonly args: readonly string[]
  readonly flags: FlagValues<Flags>
  /** What follows `--`. */
  readonly rest: readonly string[]
  readonly output: Output
  readonly signal: AbortSignal
  /** Made on first use, so that commands that need no server never look for a key. */
  client(): Promise<Client>
}

/** A command as data: help, completion, the documentation and the test against `openapi.json` read it. */
export interface Command {
  /** e.g. `['tenant', 'claim']`. */
  readonly path: readonly string[]
  readonly summary: string
  /** Operations of the API that it stands for; none for commands of this machine only. */
  readonly operations?: readonly string[]
  /** Names of positional arguments; `name?` is optional. */
  readonly args: readonly string[]
  readonly flags: FlagTable
  /** True where `-- COMMAND…` is taken. */
  readonly takesRest?: boolean
  /** Resolves to the exit code; 0 where it resolves to nothing. */
  run(invocation: Invocation<FlagTable>): Promise<number | void>
}

interface CommandOf<Flags extends FlagTable> extends Omit<Command, 'flags' | 'run'> {
  readonly flags: Flags
  run(invocation: Invocation<Flags>): Promise<number | void>
}

/** Keeps the flags' types inside `run` and forgets them outside. */
export function command<const Flags extends FlagTable>(of: CommandOf<Flags>): Command {
  // The parser fills `flags` from this very table, so the narrower type holds.
  return of as unknown as Command
}
