import { systemClock } from '@boilerhouse/base'

import { command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { UsageError } from '../cli/parse.ts'
import { checkWorkload } from '../workloads/check-workload.ts'
import { readDefinitionFile } from '../workloads/read-definitions.ts'

export const workloadCheck = command({
  path: ['workload', 'check'],
  summary: 'Run a workload of a YAML file once, from image to release, and say what would fail.',
  operations: ['createWorkload', 'createPool', 'claimTenant', 'releaseTenant', 'deletePool', 'deleteWorkload'],
  args: ['file'],
  flags: {
    id: { kind: 'text', about: 'Which one, where the file holds several workloads.' },
    config: { kind: 'json', value: 'JSON', about: 'Config of the trial claim.' },
  },
  async run({ args: [file = ''], flags, output, client, signal }) {
    const { definitions, problems } = await readDefinitionFile(file)
    if (problems.length > 0) throw new UsageError(problems.join('\n'))
    const chosen = definitions.filter(({ kind, id }) => kind === 'workload' && (flags.id === undefined || id === flags.id))
    const [workload] = chosen
    if (!workload || chosen.length > 1)
      throw new UsageError(`Cannot check: ${file} holds ${chosen.length} workloads of that id; name one with --id`)
    const steps = await checkWorkload({
      client: await client(),
      clock: systemClock,
      body: workload.body,
      config: flags.config,
      signal,
    })
    output.table(steps, [
      { title: 'STEP', value: ({ step }) => step },
      { title: 'RESULT', value: ({ ok }) => (ok ? 'ok' : 'FAILED') },
      { title: 'MS', value: ({ durationMs }) => Math.round(durationMs) },
      { title: 'DETAIL', value: ({ detail }) => detail },
    ])
    return steps.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.failed
  },
})
