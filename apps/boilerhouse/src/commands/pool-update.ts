import { updateCommand } from '../cli/update-command.ts'

export const poolUpdate = updateCommand({
  noun: 'pool',
  summary: 'Replace the settings of a pool.',
  operations: ['updatePool'],
  put: (client, params, body) => client.PUT('/api/v1/pools/{id}', { params, body }),
  state: ({ status }) => status.phase,
})
