import { followEvents } from '@boilerhouse/client'

import { given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const eventWatch = command({
  path: ['event', 'watch'],
  summary: 'Show what happens, as it happens; a lost connection is resumed without a gap.',
  operations: ['streamEvents', 'connectEvents', 'connectEventsAtRoot'],
  args: [],
  flags: {
    tenant: { kind: 'text', about: 'Only of this tenant.' },
    pool: { kind: 'text', about: 'Only of this pool.' },
    type: { kind: 'many', about: 'Only of this type.' },
    after: { kind: 'text', value: 'CURSOR', about: 'Go on after this event.' },
    count: { kind: 'whole', value: 'N', about: 'Stop after N events.' },
  },
  async run({ flags, output, client, signal }) {
    const { tenant, pool, type, after, count = Number.POSITIVE_INFINITY } = flags
    const options = { ...given({ tenant, pool, cursor: after, types: type.length > 0 ? type : undefined }), signal }
    let seen = 0
    if (count <= 0) return
    for await (const event of followEvents(await client(), options)) {
      output.raw(
        output.isJson
          ? `${JSON.stringify(event)}\n`
          : `${event.time}  ${event.type.padEnd(22)} ${event.subject}${event.tenantId === undefined ? '' : `  ${event.tenantId}`}\n`,
      )
      if (++seen >= count) return
    }
  },
})
