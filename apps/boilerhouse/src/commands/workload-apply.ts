import { command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { UsageError } from '../cli/parse.ts'
import { applyDefinitions } from '../workloads/apply-definitions.ts'
import { readDefinitionFile } from '../workloads/read-definitions.ts'

export const workloadApply = command({
  path: ['workload', 'apply'],
  summary: 'Create or update the workloads and pools of a YAML file.',
  operations: ['createWorkload', 'updateWorkload', 'createPool', 'updatePool'],
  args: ['file'],
  flags: {},
  async run({ args: [file = ''], output, client }) {
    const { definitions, problems } = await readDefinitionFile(file)
    if (problems.length > 0) throw new UsageError(problems.join('\n'))
    const applied = await applyDefinitions(await client(), definitions)
    output.table(
      applied.map(({ definition: { kind, id }, outcome, detail }) => ({ kind, id, outcome, detail })),
      [
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'ID', value: ({ id }) => id },
        { title: 'OUTCOME', value: ({ outcome }) => outcome },
        { title: 'DETAIL', value: ({ detail }) => detail },
      ],
    )
    return applied.some(({ outcome }) => outcome === 'refused') ? exitCodes.invalid : exitCodes.ok
  },
})
