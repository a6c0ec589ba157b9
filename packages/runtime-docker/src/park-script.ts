import { Fault } from '@boilerhouse/base'

/** What a parked container runs until its claim; the workload's own program follows as arguments. */
export const parkedEntrypoint = ['/boilerhouse/bin/busybox', 'sh', '/boilerhouse/park'] as const

/**
 * Waits for a claim, then becomes the workload's program.
 * - `wake` is opened for both directions and held: the server's non-blocking open finds a reader exactly while this script runs,
 *   so ENXIO means "not waiting", and it is never told an end of file.
 * - Opening `ack` blocks until a server reads it: one that died between wake and ack is followed by one that delivers again.
 * - SIGPIPE would end the script where a server dies between opening and reading.
 */
export const parkScript = `unset SHLVL OLDPWD PWD
exec 3<>/boilerhouse/wake || exit 126
until [ -f /boilerhouse/start ]; do read -r _ <&3; done
. /boilerhouse/start || exit 126
trap '' PIPE
until echo 2>/dev/null >/boilerhouse/ack; do :; done
trap - PIPE
exec "$@" 3<&-
`

const oneMebibyte = 1_048_576
/** The kernel's MAX_ARG_STRLEN: \`NAME=value\` with its final zero has to fit. */
const maxVariableBytes = 131_072

/** The file a parked container sources: every variable exported, single-quoted, so that no value is ever read as shell. */
export function startScript(environment: Readonly<Record<string, string>>): string {
  let totalBytes = 0
  const lines = Object.entries(environment).map(([name, value]) => {
    const sizeBytes = Buffer.byteLength(name) + Buffer.byteLength(value) + 2
    totalBytes += sizeBytes
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw refused(name, 'its name is not one a shell knows')
    if (value.includes('\0')) throw refused(name, 'its value holds a NUL byte')
    if (!value.isWellFormed()) throw refused(name, 'its value is not well-formed Unicode')
    if (sizeBytes > maxVariableBytes) throw refused(name, `name and value take ${sizeBytes} bytes, more than ${maxVariableBytes}`)
    return `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`
  })
  if (totalBytes > oneMebibyte) throw refused('*', `all variables take ${totalBytes} bytes, more than ${oneMebibyte}`)
  return lines.join('')
}

const refused = (name: string, why: string): Fault =>
  new Fault('request.invalid', `Cannot set the variable ${name}: ${why}`, {
    errors: [{ pointer: name === '*' ? '/env' : `/env/${name}`, detail: why }],
    remedy: 'Use a secret file: pass the value in `secrets`.',
  })
