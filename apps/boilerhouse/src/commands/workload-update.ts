import { updateCommand } from '../cli/update-command.ts'

export const workloadUpdate = updateCommand({
  noun: 'workload',
  summary: 'Replace a workload; its pools are rolled.',
  operations: ['updateWorkload'],
  put: (client, params, body) => client.PUT('/api/v1/workloads/{id}', { params, body }),
  state: ({ status }) => status.state,
})
