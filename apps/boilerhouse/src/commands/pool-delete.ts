import { command } from '../cli/command.ts'

export const poolDelete = command({
  path: ['pool', 'delete'],
  summary: 'Drain a pool: warm containers go, bound ones are released properly, then the pool is gone.',
  operations: ['deletePool'],
  args: ['id'],
  flags: {},
  async run({ args: [id = ''], output, client }) {
    const { response } = await (await client()).DELETE('/api/v1/pools/{id}', { params: { path: { id } } })
    output.object({ id, draining: response.status === 202 }, response.status === 202 ? `${id} is draining` : `${id} deleted`)
  },
})
