import { command } from '../cli/command.ts'

export const keyDelete = command({
  path: ['key', 'delete'],
  summary: 'Revoke an API key; it is dead within 5 seconds.',
  operations: ['deleteKey'],
  args: ['id'],
  flags: {},
  async run({ args: [id = ''], output, client }) {
    await (await client()).DELETE('/api/v1/keys/{id}', { params: { path: { id } } })
    output.object({ id, revoked: true }, `${id} revoked`)
  },
})
