import { command, type Command } from '../cli/command.ts'
import { completionScript, isShell, shells } from '../cli/completion.ts'
import { UsageError } from '../cli/parse.ts'

export const completion = command({
  path: ['completion'],
  summary: 'Print a completion script for a shell.',
  args: ['shell'],
  flags: {},
  async run({ args: [shell = ''], output }) {
    if (!isShell(shell)) throw new UsageError(`Cannot complete: the shell must be one of ${shells.join(', ')}, got "${shell}"`)
    // Loaded here: the table names this command too.
    const { commands }: { commands: readonly Command[] } = await import('../commands.ts')
    output.raw(completionScript(shell, commands))
  },
})
