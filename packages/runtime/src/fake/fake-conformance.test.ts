import { systemClock } from '@boilerhouse/base'

import { conformanceCommands, conformancePrograms, runtimeConformance } from '../conformance.ts'
import { execResult, type FakeBehaviour } from './fake-behaviour.ts'
import { createFakeEngine } from './fake-engine.ts'
import { createFakeRuntime } from './fake-runtime.ts'

const isSame = (one: readonly string[] | undefined, two: readonly string[]) => one?.join('\0') === two.join('\0')

/** What the suite's programs and commands do, played. */
const played: Partial<FakeBehaviour> = {
  onStarted({ spec, environment, write, log, exit }) {
    const { command } = spec.workload
    if (isSame(command, conformancePrograms.serve)) {
      log('stdout', 'line-out')
      log('stderr', 'line-err')
    }
    if (isSame(command, conformancePrograms.greet)) write('/state/greeting', `${environment['GREETING']}\n`)
    if (isSame(command, conformancePrograms.exits)) exit(7)
    if (isSame(command, ['/no-such-program'])) throw new Error('no such program')
  },
  onExec({ request }) {
    const { command } = request
    if (isSame(command, conformanceCommands.hang)) return new Promise(() => {})
    if (isSame(command, conformanceCommands.streams)) return execResult(3, 'out\n', 'err\n')
    if (isSame(command, conformanceCommands.catStdin)) return execResult(0, new TextDecoder().decode(request.stdin))
    if (isSame(command, conformanceCommands.workingDir)) return execResult(0, `${request.workingDir}\n`)
    if (isSame(command, conformanceCommands.flood)) return execResult(0, 'y'.repeat(300_000))
    return execResult(isSame(command, conformanceCommands.missing) ? 127 : 0)
  },
  onProbe({ check }) {
    if (check.command)
      return isSame(check.command, conformanceCommands.hang) ? 'hang' : check.command[0] === 'true' ? 'pass' : 'fail'
    if (check.http) return check.http.port === 8080 && check.http.path === '/' ? 'pass' : 'fail'
    return check.tcp?.port === 8080 ? 'pass' : 'fail'
  },
}

runtimeConformance({
  name: 'fake',
  async create() {
    const engine = createFakeEngine()
    Object.assign(engine.behaviour, played)
    const open = async (installation = 'ours') => createFakeRuntime({ clock: systemClock, engine, installation })
    const runtime = await open()
    runtime.control.setImage('busybox')
    return {
      runtime,
      image: 'busybox',
      reopen: () => open(),
      other: () => open('theirs'),
      kill: async (containerId) => runtime.control.kill(containerId),
      dropNetwork: async (poolId) => runtime.control.dropNetwork(poolId),
      [Symbol.asyncDispose]: () => runtime.close(),
    }
  },
})
