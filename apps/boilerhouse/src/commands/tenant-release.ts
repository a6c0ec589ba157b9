import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const tenantRelease = command({
  path: ['tenant', 'release'],
  summary: "Take a tenant's container back; its state volume is kept first.",
  operations: ['releaseTenant'],
  args: ['tenant'],
  flags: {
    pool: { kind: 'text', about: 'Which pool, where the tenant holds several.' },
    discard: { kind: 'truth', about: 'Throw the state volume away.' },
    force: { kind: 'truth', about: 'End a release that failed, whatever could not be kept.' },
  },
  async run({ args: [tenantId = ''], flags, output, client, signal }) {
    const { pool, discard, force } = flags
    const body = given({ poolId: pool, discard: discard || undefined, force: force || undefined })
    const released = answer(
      await (await client()).POST('/api/v1/tenants/{tenantId}/release', { params: { path: { tenantId } }, body, signal }),
    )
    output.object(released, `${released.tenantId} ${released.state}${released.dataKept ? ', its files are kept' : ''}`)
  },
})
