import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { UsageError } from '../cli/parse.ts'

export const poolScale = command({
  path: ['pool', 'scale'],
  summary: 'Set how many warm containers a pool keeps.',
  operations: ['scalePool'],
  args: ['id', 'size'],
  flags: {},
  async run({ args: [id = '', text = ''], output, client }) {
    const size = Number(text)
    if (!Number.isSafeInteger(size)) throw new UsageError(`Cannot scale ${id}: size must be a whole number, got "${text}"`)
    const pool = answer(await (await client()).POST('/api/v1/pools/{id}/scale', { params: { path: { id } }, body: { size } }))
    output.object(pool, `${pool.id} keeps ${pool.minSize} warm`)
  },
})
