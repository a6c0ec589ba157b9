import { stringify } from 'yaml'

import { answer } from '../cli/answer.ts'
import { command } from '../cli/command.ts'
import { UsageError } from '../cli/parse.ts'

export const workloadInit = command({
  path: ['workload', 'init'],
  summary: 'Write the YAML of a workload and a pool from what an image on the host says of itself.',
  operations: ['inspectImage'],
  args: [],
  flags: {
    image: { kind: 'text', about: 'The image; it has to be on the host.' },
    id: { kind: 'text', about: "The workload's id. Default: from the image's name." },
  },
  async run({ flags, output, client }) {
    if (flags.image === undefined) throw new UsageError('Cannot write a workload: --image is missing')
    const image = answer(await (await client()).GET('/api/v1/images/inspect', { params: { query: { image: flags.image } } }))
    const id = flags.id ?? idOf(flags.image)
    const workload = workloadOf(id, flags.image, image)
    const pool = { kind: 'pool', id, workloadId: id, minSize: 1, maxSize: 10 }
    if (output.isJson) output.object([workload, pool])
    else output.raw(`${stringify(workload)}---\n${stringify(pool)}`)
  },
})

/** `registry/team/name:tag` becomes `name`. */
const idOf = (image: string): string => {
  const name = image.replace(/[:@][^/]*$/, '').replace(/^.*\//, '')
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '')
      .slice(0, 63) || 'workload'
  )
}

function workloadOf(
  id: string,
  image: string,
  facts: { readonly user: string; readonly exposedPorts: readonly number[] },
): Record<string, unknown> {
  const ports = facts.exposedPorts.map((containerPort, i) => ({
    name: i === 0 ? 'http' : `port-${containerPort}`,
    containerPort,
    protocol: 'http',
  }))
  const first = facts.exposedPorts[0]
  const uid = /^\d+/.exec(facts.user)?.[0]
  return {
    kind: 'workload',
    id,
    name: id,
    image,
    ...(ports.length > 0 ? { ports } : {}),
    ...(first === undefined ? {} : { healthCheck: { tcp: { port: first } } }),
    ...(uid === undefined || uid === '0' ? {} : { security: { runAsUser: Number(uid) } }),
    // Without a port there is nothing to be up before the claim.
    warmth: first === undefined ? 'parked' : 'running',
  }
}
