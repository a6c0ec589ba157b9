import { Fault } from '@boilerhouse/base'

/**
 * The states a transition to `to` may start from: those the caller expects and the table allows. None is a transition that no table
 * names, whatever the object's state.
 */
export function expectedStates<State extends string>(
  table: Readonly<Record<State, readonly string[]>>,
  from: readonly State[],
  to: State,
): readonly State[] {
  const allowed = from.filter((state) => table[state].includes(to))
  if (allowed.length === 0) {
    throw new Fault('machine.unknown_transition', `Nothing goes from ${from.join(', ') || 'no state'} to ${to}`)
  }
  return allowed
}
