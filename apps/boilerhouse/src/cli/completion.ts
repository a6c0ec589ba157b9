import type { Command } from './command.ts'
import { globalFlags } from './parse.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]
export const isShell = (name: string): name is Shell => shells.some((shell) => shell === name)

/** Completes nouns, verbs and flags; made from the command table, so that it never tells of what is not there. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return { bash: bash(commands), zsh: `autoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`, fish: fish(commands) }[
    shell
  ]
}

const nounsOf = (commands: readonly Command[]): readonly string[] => [...new Set(commands.map(({ path }) => path[0] ?? ''))]
const verbsOf = (commands: readonly Command[], noun: string): readonly string[] =>
  commands.flatMap(({ path }) => (path[0] === noun && path[1] !== undefined ? [path[1]] : []))
const flagsOf = ({ flags }: Command): readonly string[] => Object.keys({ ...flags, ...globalFlags }).map((name) => `--${name}`)

function bash(commands: readonly Command[]): string {
  const verbs = nounsOf(commands).map((noun) => `    ${noun}) words="${verbsOf(commands, noun).join(' ')}" ;;`)
  const flags = commands.map((command) => `    "${command.path.join(' ')}") words="${flagsOf(command).join(' ')}" ;;`)
  return `_boilerhouse() {
  local word="\${COMP_WORDS[COMP_CWORD]}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then words="${nounsOf(commands).join(' ')}"
  elif [ "$COMP_CWORD" -eq 2 ] && [ "\${word#-}" = "$word" ]; then case "\${COMP_WORDS[1]}" in
${verbs.join('\n')}
  esac
  else case "\${COMP_WORDS[1]} \${COMP_WORDS[2]}" in
${flags.join('\n')}
  esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _boilerhouse boilerhouse ./boilerhouse
`
}

function fish(commands: readonly Command[]): string {
  const line = (when: string, what: string, about: string) =>
    `complete -c boilerhouse -f -n '${when}' -a '${what}' -d '${about.replaceAll("'", "\\'")}'`
  const nouns = nounsOf(commands).map((noun) =>
    line(
      '__fish_use_subcommand',
      noun,
      `${verbsOf(commands, noun).join(', ') || commands.find(({ path }) => path[0] === noun)?.summary}`,
    ),
  )
  const verbs = commands.flatMap(({ path: [noun, verb], summary }) =>
    verb === undefined ? [] : [line(`__fish_seen_subcommand_from ${noun}`, verb, summary)],
  )
  const flags = commands.flatMap((command) =>
    flagsOf(command).map(
      (flag) => `complete -c boilerhouse -n '__fish_seen_subcommand_from ${command.path.at(-1)}' -l ${flag.slice(2)}`,
    ),
  )
  return `${[...nouns, ...verbs, ...new Set(flags)].join('\n')}\n`
}
