import { runCli } from './cli/run.ts'
import { connect } from './cli/connect.ts'
import { commands } from './commands.ts'
import { stopSignal } from './process-signals.ts'

const signal = stopSignal(() => process.exit(130))

process.exitCode = await runCli(process.argv.slice(2), {
  commands,
  signal,
  connect,
  stdout: (chunk) => void process.stdout.write(chunk),
  stderr: (chunk) => void process.stderr.write(chunk),
})

// Whatever still waits by then waits for nothing: a program that said it ended has ended.
setTimeout(() => process.exit(), 2000).unref()
