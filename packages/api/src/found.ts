import { Fault } from '@boilerhouse/base'

const codes = {
  workload: 'workload.not_found',
  pool: 'pool.not_found',
  container: 'container.not_found',
  key: 'key.not_found',
  page: 'request.not_found',
} as const

/** The record, or the fault that says it is not there. */
export function found<Kind>(kind: keyof typeof codes, id: string, record: Kind | undefined): Kind {
  if (record === undefined) throw new Fault(codes[kind], `There is no ${kind} ${id}`)
  return record
}
