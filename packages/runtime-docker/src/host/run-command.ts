export interface CommandResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program of the host; never throws for its exit code, and answers 127 where there is no such program. */
export type RunCommand = (
  argv: readonly string[],
  options: { readonly signal: AbortSignal; readonly stdin?: string },
) => Promise<CommandResult>

/** With sbin: iptables is there, and a user's PATH often leaves it out. */
export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export const runCommand: RunCommand = async (argv, { signal, stdin }) => {
  signal.throwIfAborted()
  try {
    // A fixed locale: outputs are parsed.
    const env = { LC_ALL: 'C', PATH: systemPath }
    const child = Bun.spawn([...argv], { env, stdin: new Blob([stdin ?? '']), stdout: 'pipe', stderr: 'pipe', signal })
    const [exitCode, out, err] = await Promise.all([
      child.exited,
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    signal.throwIfAborted()
    return { exitCode, stdout: out, stderr: err }
  } catch (error) {
    signal.throwIfAborted()
    return { exitCode: 127, stdout: '', stderr: error instanceof Error ? error.message : String(error) }
  }
}
