import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'

export const keyCreate = command({
  path: ['key', 'create'],
  summary: 'Make an API key; it is shown this once.',
  operations: ['createKey'],
  args: ['name'],
  flags: {
    role: { kind: 'text', value: 'admin|viewer|tenant', about: 'What it may do. Default: viewer.' },
    tenant: { kind: 'text', about: 'Whose it is, for role tenant.' },
    pool: { kind: 'many', about: 'Pools a tenant key may claim from.' },
    expires: { kind: 'text', value: 'TIME', about: 'RFC 3339 time after which it is dead.' },
    rate: { kind: 'whole', value: 'N', about: 'Requests a minute.' },
  },
  async run({ args: [name = ''], flags, output, client }) {
    const body = {
      name,
      role: flags.role ?? 'viewer',
      ...given({
        tenantId: flags.tenant,
        pools: flags.pool.length > 0 ? [...flags.pool] : undefined,
        expiresAt: flags.expires,
        requestsPerMinute: flags.rate,
      }),
    }
    // The server checks the role's name.
    const made = answer(await (await client()).POST('/api/v1/keys', { body: body as never }))
    output.object(made, made.key)
    output.note(`${made.id} (${made.role}). The key above is not shown again.`)
  },
})
