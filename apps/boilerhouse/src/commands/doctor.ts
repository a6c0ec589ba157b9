import type { Client } from '@boilerhouse/client'

import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'

interface Difference {
  readonly code: string
  readonly subject: string
  readonly detail: string
  readonly isRepairable: boolean
}

interface Report {
  readonly isHealthy: boolean
  readonly differences: readonly Difference[]
  readonly warnings: readonly string[]
  readonly running: readonly string[]
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
    const differences = [...report.differences, ...(await apiDifferences(http, report))]
    for (const line of report.repairs) output.note(`repaired: ${line}`)
    for (const warning of report.warnings) output.note(`warning: ${warning}`)
    const isHealthy = differences.length === 0
    if (output.isJson) output.object({ ...report, isHealthy, differences })
    else if (!isHealthy) output.table(differences, columns)
    if (isHealthy) output.note('engine, database, slots and API agree')
    return isHealthy ? exitCodes.ok : exitCodes.failed
  },
})

const columns = [
  { title: 'DIFFERENCE', value: ({ code }: Difference) => code },
  { title: 'SUBJECT', value: ({ subject }: Difference) => subject },
  { title: 'DETAIL', value: ({ detail }: Difference) => detail },
  { title: 'REPAIRABLE', value: ({ isRepairable }: Difference) => (isRepairable ? 'yes' : 'no') },
]

/** What the API lists as somebody's or ready, and the engine does not run. What changed between the two looks is asked for once more. */
async function apiDifferences(client: Client, { running }: Report): Promise<readonly Difference[]> {
  const runs = new Set(running)
  const suspects = (await listedIds(client)).filter((id) => !runs.has(id))
  if (suspects.length === 0) return []
  const again = new Set((answer(await client.GET('/api/v1/doctor')) as unknown as Report).running)
  const listed = new Set(await listedIds(client))
  return suspects
    .filter((id) => listed.has(id) && !again.has(id))
    .map((id) => ({
      code: 'api.differs',
      subject: `container/${id}`,
      detail: 'The API lists it, the engine does not run it.',
      isRepairable: true,
    }))
}

async function listedIds(client: Client): Promise<readonly string[]> {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = answer(await client.GET('/api/v1/containers', { params: { query: { limit: 500, ...given({ cursor }) } } }))
    ids.push(...page.items.filter(({ state }) => ['warm', 'bound', 'unhealthy'].includes(state)).map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return ids
}
