import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { noteNextPage, pageFlags } from '../cli/page-flags.ts'

export const activityList = command({
  path: ['activity', 'list'],
  summary: 'Show what happened, newest first.',
  operations: ['listActivity'],
  args: [],
  flags: {
    ...pageFlags,
    tenant: { kind: 'text', about: 'Only of this tenant.' },
    pool: { kind: 'text', about: 'Only of this pool.' },
    type: { kind: 'text', about: 'Only of these types, separated by commas.' },
    subject: { kind: 'text', value: 'KIND/ID', about: 'Only of this object.' },
    from: { kind: 'text', value: 'TIME', about: 'Not before this RFC 3339 time.' },
    to: { kind: 'text', value: 'TIME', about: 'Not after this RFC 3339 time.' },
  },
  async run({ flags, output, client }) {
    const { limit, cursor, tenant, pool, type, subject, from, to } = flags
    const query = given({ limit, cursor, tenant, pool, type, subject, from, to })
    const page = answer(await (await client()).GET('/api/v1/activity', { params: { query: query as never } }))
    output.table(
      page.items,
      [
        { title: 'TIME', value: ({ time }) => time },
        { title: 'TYPE', value: ({ type: name }) => name },
        { title: 'SUBJECT', value: (event) => event.subject },
        { title: 'TENANT', value: ({ tenantId }) => tenantId },
        { title: 'ACTOR', value: ({ actor }) => actor },
      ],
      page,
    )
    noteNextPage(output, page.nextCursor)
  },
})
