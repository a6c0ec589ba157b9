export interface CommandResult {
  readonly exitCode: number
  /** stdout and stderr together. */
  readonly output: string
}

/** Runs a program without input and collects what it says; a program that is not there is exit code 127. */
export async function runCommand(
  argv: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string } = {},
): Promise<CommandResult> {
  const [program = ''] = argv
  if (Bun.which(program, { PATH: systemPath() }) === null) return { exitCode: 127, output: `${program}: not found` }
  const child = Bun.spawn([...argv], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, PATH: systemPath(), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const [out, err, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { exitCode, output: `${out}${err}`.trim() }
}

/** Daemons and iptables lie in sbin, which a user's PATH often leaves out. */
export const systemPath = (): string => `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`

export const findProgram = (name: string): string | null => Bun.which(name, { PATH: systemPath() })

export const lastLines = (text: string, count: number): string => text.trim().split('\n').slice(-count).join('\n')
