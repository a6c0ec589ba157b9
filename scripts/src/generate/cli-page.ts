import { globalFlags } from '../../../apps/boilerhouse/src/cli/parse.ts'
import { usageLine } from '../../../apps/boilerhouse/src/cli/help.ts'
import { exitCodeMeanings, exitCodes } from '../../../apps/boilerhouse/src/cli/exit-codes.ts'
import type { Command, FlagTable } from '../../../apps/boilerhouse/src/cli/command.ts'
import { commands } from '../../../apps/boilerhouse/src/commands.ts'
import { table } from './schema-fields.ts'

/** `docs/cli.md`, whole: the same table that help, completion and the test against `openapi.json` read. */
export function renderCliPage(): string {
  const byNoun = Map.groupBy(commands, ({ path }) => path[0] ?? '')
  return `# Command line

<!-- Generated from apps/boilerhouse/src/commands.ts by \`npm run generate\`; edit that. -->

\`\`\`sh
./boilerhouse --help
./boilerhouse tenant --help
./boilerhouse tenant claim --help
\`\`\`

\`<noun> <verb> [arguments] [flags]\`. stdout is the answer, stderr the rest. People get tables; \`--json\` gives programs what the API said, and
nothing else:

\`\`\`sh
./boilerhouse pool list
./boilerhouse pool list --json
\`\`\`

Every command takes these:

${flagTable(globalFlags)}

The address is \`--url\`, else \`BOILERHOUSE_URL\`, else from the [settings](configuration.md). The key is \`--key\`, else \`BOILERHOUSE_API_KEY\`, else the admin
key of the data directory. \`up\`, \`serve\` and \`backup\` use the settings and the data directory themselves.

## Exit codes

${table(
  ['code', 'meaning'],
  Object.entries(exitCodes).map(([name, code]) => [String(code), exitCodeMeanings[name as keyof typeof exitCodes]]),
)}

\`container exec\` ends with the exit code of the command that it ran: 127 where the container has no such command, 126 where it cannot be run. A second Ctrl-C ends any command at once, with 130.

## Completion

\`\`\`sh
./boilerhouse completion bash > ~/.boilerhouse-completion
\`\`\`

bash, zsh and fish. Put \`. ~/.boilerhouse-completion\` into your shell's start-up file.

## All commands

${table(
  ['command', 'what it does'],
  commands.map((one) => [`[\`${one.path.join(' ')}\`](#${one.path.join('-')})`, one.summary]),
)}

${[...byNoun.values()].map((group) => group.map(section).join('\n\n')).join('\n\n')}
`
}

const section = (command: Command): string =>
  [
    `### ${command.path.join(' ')}`,
    command.summary,
    `\`\`\`text\n${usageLine(command)}\n\`\`\``,
    ...(Object.keys(command.flags).length > 0 ? [flagTable(command.flags)] : []),
    ...(command.operations
      ? [`API: ${command.operations.map((id) => `[\`${id}\`](api.md#${id.toLowerCase()})`).join(', ')}`]
      : []),
  ].join('\n\n')

const flagTable = (flags: FlagTable): string =>
  table(
    ['flag', 'what it is'],
    Object.entries(flags).map(([name, flag]) => {
      const value = flag.kind === 'truth' ? '' : ` ${flag.value ?? flag.kind.toUpperCase()}`
      return [
        `\`${flag.short ? `-${flag.short}, ` : ''}--${name}${value}\``,
        `${flag.about}${flag.kind === 'many' ? ' May be repeated.' : ''}`,
      ]
    }),
  )
