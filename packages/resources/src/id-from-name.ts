import { dnsLabelPattern } from './schema.ts'
import { invalidRequest } from './validator.ts'

/** A DNS label made from a name ("My Pool!" -> "my-pool"), or undefined where nothing of it can stand in one. */
export function idFromName(name: string): string | undefined {
  const id = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+/g, '')
    .slice(0, 63)
    .replaceAll(/-+$/g, '')
  return new RegExp(dnsLabelPattern).test(id) ? id : undefined
}

/** The given id, or one from the name. Throws `request.invalid` at `/id` where neither gives one. */
export function idOrFromName({ id, name }: { readonly id?: string | undefined; readonly name?: string | undefined }): string {
  const made = id ?? (name === undefined ? undefined : idFromName(name))
  if (made !== undefined) return made
  const why = name === undefined ? 'is missing: give `id` or `name`' : 'cannot be made from `name`: give it'
  throw invalidRequest([{ pointer: '/id', detail: why }])
}
