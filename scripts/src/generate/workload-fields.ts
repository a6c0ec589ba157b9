import { PoolInput, WorkloadInput } from '../../../packages/resources/mod.ts'
import { defaultOf, fieldsOf, kindOf, table, type FieldSchema } from './schema-fields.ts'

/** Every field of a workload and of a pool, from their schemas; a part of `docs/workloads.md`. */
export const renderWorkloadFields = (): string => fieldTable(plain(WorkloadInput))
export const renderPoolFields = (): string => fieldTable(plain(PoolInput))

const plain = (schema: unknown): FieldSchema => JSON.parse(JSON.stringify(schema)) as FieldSchema // a schema is plain JSON

const fieldTable = (schema: FieldSchema): string =>
  table(
    ['field', 'kind', 'default', 'what it is'],
    fieldsOf(schema).map((field) => [
      `\`${field.path}\``,
      kindOf(field.schema),
      field.isRequired ? 'needed' : defaultOf(field.schema),
      field.schema.description ?? '',
    ]),
  )
