import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'

interface Report {
  readonly isHealthy: boolean
  readonly differences: readonly {
    readonly code: string
    readonly subject: string
    readonly detail: string
    readonly isRepairable: boolean
  }[]
  readonly warnings: readonly string[]
  readonly repairs: readonly string[]
}

export const doctor = command({
  path: ['doctor'],
  summary: 'Compare engine, database, slots and API, and print every difference.',
  operations: ['getDoctor', 'repairInstallation'],
  args: [],
  flags: { repair: { kind: 'truth', about: 'Remove what nobody knows; controllers mend the rest.' } },
  async run({ flags, output, client }) {
    const http = await client()
    // The document leaves the report open; this is what the server's own doctor says.
    const report = answer(
      flags.repair ? await http.POST('/api/v1/doctor/repair') : await http.GET('/api/v1/doctor'),
    ) as unknown as Report
    for (const line of report.repairs) output.note(`repaired: ${line}`)
    for (const warning of report.warnings) output.note(`warning: ${warning}`)
    output.table(
      report.differences,
      [
        { title: 'DIFFERENCE', value: ({ code }) => code },
        { title: 'SUBJECT', value: ({ subject }) => subject },
        { title: 'DETAIL', value: ({ detail }) => detail },
        { title: 'REPAIRABLE', value: ({ isRepairable }) => (isRepairable ? 'yes' : 'no') },
      ],
      report,
    )
    if (report.isHealthy) output.note('engine, database, slots and API agree')
    return report.isHealthy ? exitCodes.ok : exitCodes.failed
  },
})
