import { command } from '../cli/command.ts'

export const workloadDelete = command({
  path: ['workload', 'delete'],
  summary: 'Delete a workload that no pool uses.',
  operations: ['deleteWorkload'],
  args: ['id'],
  flags: {},
  async run({ args: [id = ''], output, client }) {
    await (await client()).DELETE('/api/v1/workloads/{id}', { params: { path: { id } } })
    output.object({ id, deleted: true }, `${id} deleted`)
  },
})
