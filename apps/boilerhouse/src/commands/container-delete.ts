import { command } from '../cli/command.ts'

export const containerDelete = command({
  path: ['container', 'delete'],
  summary: "Remove a container; a bound one's state is kept first and its claim recovers.",
  operations: ['deleteContainer'],
  args: ['id'],
  flags: { force: { kind: 'truth', about: 'Without keeping what a bound one holds.' } },
  async run({ args: [id = ''], flags, output, client }) {
    await (await client()).DELETE('/api/v1/containers/{id}', { params: { path: { id }, query: { force: flags.force } } })
    output.object({ id, removed: true }, `${id} is going`)
  },
})
