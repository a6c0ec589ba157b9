import type { Client } from '@boilerhouse/client'
import { ClientFault } from '@boilerhouse/client'
import { isFault } from '@boilerhouse/base'

import { version } from '../version.ts'
import type { Command } from './command.ts'
import { exitCodeOfStatus, exitCodes } from './exit-codes.ts'
import { helpOf, helpOfMany } from './help.ts'
import { createOutput, type OutputStreams } from './output.ts'
import { parseInvocation, UsageError } from './parse.ts'

export interface CliDeps extends OutputStreams {
  readonly commands: readonly Command[]
  readonly signal: AbortSignal
  connect(flags: { readonly url?: string; readonly key?: string }): Promise<Client>
}

/** Finds the command, runs it, and turns what went wrong into a sentence on stderr and an exit code. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  const found = findCommand(deps.commands, argv)
  if (!found) return showHelp(argv, deps)
  const { command, rest } = found
  const split = rest.indexOf('--')
  const own = split < 0 ? rest : rest.slice(0, split)
  if (own.includes('--help') || own.includes('-h')) {
    deps.stdout(helpOf(command))
    return exitCodes.ok
  }
  try {
    const { args, rest: after, flags } = parseInvocation(command, rest)
    const output = createOutput(flags['json'] === true, deps)
    const client = () => deps.connect(flags)
    return (await command.run({ args, rest: after, flags: flags as never, output, signal: deps.signal, client })) ?? exitCodes.ok
  } catch (error) {
    return explain(error, command, deps)
  }
}

export function findCommand(
  commands: readonly Command[],
  argv: readonly string[],
): { command: Command; rest: readonly string[] } | undefined {
  const command = commands
    .filter(({ path }) => path.every((word, i) => argv[i] === word))
    .sort((a, b) => b.path.length - a.path.length)[0]
  return command && { command, rest: argv.slice(command.path.length) }
}

function showHelp(argv: readonly string[], deps: CliDeps): number {
  const noun = argv[0]
  const isNoun = deps.commands.some(({ path }) => path[0] === noun)
  if (noun === undefined || noun === 'help' || noun === '--help' || noun === '-h') {
    deps.stdout(helpOfMany(deps.commands))
    return exitCodes.ok
  }
  if (noun === '--version') {
    deps.stdout(`${version}\n`)
    return exitCodes.ok
  }
  const isHelp = argv[1] === '--help' || argv[1] === '-h'
  if (isNoun && isHelp) {
    deps.stdout(helpOfMany(deps.commands, noun))
    return exitCodes.ok
  }
  deps.stderr(`There is no command "${argv.slice(0, 2).join(' ')}".\n\n${helpOfMany(deps.commands, isNoun ? noun : undefined)}`)
  return exitCodes.usage
}

function explain(error: unknown, command: Command, { stderr }: CliDeps): number {
  if (error instanceof UsageError) {
    stderr(`${error.message}\nusage: see "boilerhouse ${command.path.join(' ')} --help"\n`)
    return exitCodes.usage
  }
  if (error instanceof ClientFault) {
    const fields = (error.problem.errors ?? []).map(({ pointer, detail }) => `  ${pointer || '/'}: ${detail}\n`).join('')
    stderr(
      `${error.problem.title}: ${error.problem.detail}\n${fields}${error.problem.remedy}\n(${error.problem.code}, ${error.problem.correlationId})\n`,
    )
    return exitCodeOfStatus(error.problem.status)
  }
  if (isFault(error)) {
    stderr(`${error.message}\n${error.remedy}\n(${error.code})\n`)
    return exitCodeOfStatus(error.status)
  }
  stderr(`${error instanceof Error ? error.message : String(error)}\n`)
  return exitCodes.failed
}
