import type { ExecResult } from '@boilerhouse/runtime'

const notFound = 127
const notExecutable = 126

/** runc, runsc and crun; a working directory that is not there is another sentence, and 126. */
const saysNotFound = /exec: ".*": (?:executable file not found|stat .*: no such file or directory)|executable .*not found/i

/**
 * The result of a command that no process was started for. The engine ends each of them with 126 and writes why as if it were the
 * program's output; a shell, and newer engines, tell a program that is not there from one that cannot be run.
 */
export function unstartedExec({ stdout, stderr, truncated }: Omit<ExecResult, 'exitCode'>): ExecResult {
  const why = `${Buffer.from(stdout).toString()}${Buffer.from(stderr).toString()}`.replaceAll('\r\n', '\n')
  const exitCode = saysNotFound.test(why) ? notFound : notExecutable
  return { exitCode, stdout: new Uint8Array(), stderr: Buffer.from(why), truncated }
}
