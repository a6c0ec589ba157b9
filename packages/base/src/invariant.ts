/** A bug in this program, never a caller's mistake: it ends the request or the pass, not the process. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(`Broken invariant: ${message}`)
}
