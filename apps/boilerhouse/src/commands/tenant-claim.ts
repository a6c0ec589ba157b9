import { readFile } from 'node:fs/promises'

import { answer, given } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { endpointLines } from '../cli/endpoint-lines.ts'
import { parsePairs, UsageError } from '../cli/parse.ts'

export const tenantClaim = command({
  path: ['tenant', 'claim'],
  summary: 'Give a tenant a warm container of a pool.',
  operations: ['claimTenant'],
  args: ['tenant'],
  flags: {
    pool: { kind: 'text', about: 'The pool to claim from.' },
    config: { kind: 'json', value: 'JSON', about: 'Appears in the container as /boilerhouse/config.json.' },
    secret: { kind: 'many', value: 'NAME=VALUE', about: 'Appears as /boilerhouse/secrets/NAME; NAME=@FILE reads a file.' },
    env: { kind: 'many', value: 'NAME=VALUE', about: 'Environment of a parked workload.' },
    metadata: { kind: 'many', value: 'NAME=VALUE', about: 'Kept for you.' },
    wait: { kind: 'whole', value: 'MS', about: 'How long to wait for a container. Default: 30000.' },
    ready: { kind: 'text', value: 'healthy|started', about: 'When a parked workload counts as ready. Default: healthy.' },
  },
  async run({ args: [tenantId = ''], flags, output, client, signal }) {
    if (flags.pool === undefined) throw new UsageError('Cannot claim: --pool is missing')
    const body = given({
      poolId: flags.pool,
      config: flags.config,
      secrets: flags.secret.length > 0 ? await readSecrets(flags.secret) : undefined,
      env: flags.env.length > 0 ? parsePairs('env', flags.env) : undefined,
      metadata: flags.metadata.length > 0 ? parsePairs('metadata', flags.metadata) : undefined,
      waitMs: flags.wait,
      ready: flags.ready,
    })
    // Left-out fields get the server's defaults; it checks the rest.
    const claim = answer(
      await (
        await client()
      ).POST('/api/v1/tenants/{tenantId}/claim', { params: { path: { tenantId } }, body: body as never, signal }),
    )
    output.object(
      claim,
      [
        `${claim.containerId} ${claim.state} (${claim.source}, ${claim.timings['total']?.toFixed(2) ?? '?'} ms)`,
        ...endpointLines(claim.endpoints),
      ].join('\n'),
    )
  },
})

/** `NAME=@FILE` may hold any bytes, so that it travels as base64. */
async function readSecrets(pairs: readonly string[]): Promise<Record<string, string | { base64: string }>> {
  const entries = Object.entries(parsePairs('secret', pairs)).map(async ([name, value]) => {
    if (!value.startsWith('@')) return [name, value] as const
    return [name, { base64: (await readFile(value.slice(1))).toString('base64') }] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}
