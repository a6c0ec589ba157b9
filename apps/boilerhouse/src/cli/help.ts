import type { Command, FlagTable } from './command.ts'
import { exitCodeMeanings, exitCodes } from './exit-codes.ts'
import { globalFlags } from './parse.ts'

export const usageLine = (command: Command): string =>
  [
    'boilerhouse',
    ...command.path,
    ...command.args.map((name) => (name.endsWith('?') ? `[${name.slice(0, -1)}]` : `<${name}>`)),
    ...(Object.keys(command.flags).length > 0 ? ['[flags]'] : []),
    ...(command.takesRest ? ['-- command…'] : []),
  ].join(' ')

export function helpOf(command: Command): string {
  const operations = command.operations ? `\nAPI: ${command.operations.join(', ')}\n` : ''
  return `${command.summary}\n\nusage: ${usageLine(command)}\n${operations}\n${flagLines({ ...command.flags, ...globalFlags })}`
}

function flagLines(flags: FlagTable): string {
  const names = Object.entries(flags).map(([name, flag]) => {
    const value = flag.kind === 'truth' ? '' : ` ${flag.value ?? flag.kind.toUpperCase()}`
    return [
      `  ${flag.short ? `-${flag.short}, ` : ''}--${name}${value}`,
      `${flag.about}${flag.kind === 'many' ? ' May be repeated.' : ''}`,
    ] as const
  })
  const width = Math.max(...names.map(([left]) => left.length))
  return names.map(([left, right]) => `${left.padEnd(width)}  ${right}`).join('\n') + '\n'
}

/** The top level, or all verbs of one noun. */
export function helpOfMany(commands: readonly Command[], noun?: string): string {
  const shown = commands.filter(({ path }) => noun === undefined || path[0] === noun)
  const width = Math.max(...shown.map(({ path }) => path.join(' ').length))
  const lines = shown.map(({ path, summary }) => `  ${path.join(' ').padEnd(width)}  ${summary}`)
  return `usage: boilerhouse <noun> <verb> [arguments] [flags]\n\n${lines.join('\n')}\n\n"boilerhouse <noun> <verb> --help" tells more; every command takes --json.\n${noun === undefined ? exitCodeLines() : ''}`
}

const exitCodeLines = (): string =>
  `\nexit codes (container exec: those of the command):\n${Object.entries(exitCodes)
    .map(([name, code]) => `  ${code}  ${exitCodeMeanings[name as keyof typeof exitCodes]}\n`)
    .join('')}`
