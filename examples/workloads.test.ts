import { expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { createValidator, PoolInput, WorkloadInput } from '../packages/resources/mod.ts'

const validators = { workload: createValidator(WorkloadInput), pool: createValidator(PoolInput) }

test.each(['demo', 'sandbox', 'notes'])('the YAML of %s fits the schemas of workloads and pools', async (name) => {
  const text = await readFile(join(import.meta.dirname, name, 'workload.yaml'), 'utf8')
  for (const part of text.split('\n---\n')) {
    const { kind, ...body } = Bun.YAML.parse(part) as { kind: keyof typeof validators }
    expect(validators[kind].faults(body)).toEqual([])
  }
})
