export interface ServerProcess {
  pid(): number
  log(): string
  isRunning(): boolean
  start(): Promise<void>
  end(signal: NodeJS.Signals): Promise<number>
}

export interface ServerProcessOptions {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly readyMark: string
}

const startWithinMs = 60_000

export function createServerProcess({ argv, cwd, env, readyMark }: ServerProcessOptions): ServerProcess {
  let child: Bun.Subprocess<'ignore', 'pipe', 'pipe'> | undefined
  let text = ''
  const drain = async (stream: ReadableStream<Uint8Array>, onText: () => void) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      text += decoder.decode(chunk, { stream: true })
      onText()
    }
  }
  return {
    pid: () => child?.pid ?? 0,
    log: () => text,
    isRunning: () => child !== undefined && child.exitCode === null && child.signalCode === null,
    async start() {
      text = ''
      const ready = Promise.withResolvers<void>()
      const started = Bun.spawn([...argv], { cwd, env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
      child = started
      const onText = () => void (text.includes(readyMark) && ready.resolve())
      void drain(started.stdout, onText)
      void drain(started.stderr, onText)
      const ended = started.exited.then((code) => Promise.reject(new Error(`the server ended with ${code}:\n${text}`)))
      const late = Bun.sleep(startWithinMs).then(() =>
        Promise.reject(new Error(`the server was not ready in ${startWithinMs} ms:\n${text}`)),
      )
      for (const lost of [ended, late]) lost.catch(() => {}) // told by the race, where they win it
      await Promise.race([ready.promise, ended, late])
    },
    async end(signal) {
      child?.kill(signal)
      return (await child?.exited) ?? 0
    },
  }
}
