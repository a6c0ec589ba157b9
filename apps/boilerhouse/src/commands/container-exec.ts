import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { UsageError } from '../cli/parse.ts'

export const containerExec = command({
  path: ['container', 'exec'],
  summary: "Run a command in a container; its exit code is this command's.",
  operations: ['execContainer'],
  args: ['id'],
  flags: {
    timeout: { kind: 'whole', value: 'MS', about: 'The command is ended after this.' },
    stdin: { kind: 'truth', about: 'Pass standard input on.' },
    dir: { kind: 'text', about: 'Working directory.' },
  },
  takesRest: true,
  async run({ args: [id = ''], rest, flags, output, client, signal }) {
    if (rest.length === 0) throw new UsageError('Cannot exec: the command is missing; write it after "--"')
    const stdin = flags.stdin ? await Bun.stdin.text() : undefined
    const body = { command: [...rest], ...given({ timeoutMs: flags.timeout, stdin, workingDir: flags.dir }) }
    // Left-out fields get the server's defaults.
    const result = answer(
      await (await client()).POST('/api/v1/containers/{id}/exec', { params: { path: { id } }, body: body as never, signal }),
    )
    if (output.isJson) output.object(result)
    else {
      output.raw(result.stdout)
      output.rawError(result.stderr)
      if (result.truncated) output.note('The output was cut.')
    }
    return result.exitCode
  },
})
