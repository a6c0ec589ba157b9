/** What a `${…}` in a workload's `environment` stands for. */
export type EnvironmentReference =
  | { readonly kind: 'tenantId' | 'containerId' | 'poolId' }
  | { readonly kind: 'config'; readonly path: readonly string[] }
  | { readonly kind: 'secret' | 'env'; readonly name: string }

export type EnvironmentPart = string | EnvironmentReference

export interface EnvironmentTemplate {
  readonly parts: readonly EnvironmentPart[]
  /** The `${…}` that are none of ours, as written. */
  readonly unknown: readonly string[]
}

/** Texts between `${…}`, which are references. `$${` is a literal `${`; a `$` before anything else is itself. */
export function parseEnvironmentTemplate(value: string): EnvironmentTemplate {
  const parts: EnvironmentPart[] = []
  const unknown: string[] = []
  let text = ''
  for (let at = 0; at < value.length;) {
    if (value.startsWith('$${', at)) {
      text += '${'
      at += 3
      continue
    }
    if (!value.startsWith('${', at)) {
      text += value.charAt(at++)
      continue
    }
    const end = value.indexOf('}', at)
    const written = end < 0 ? value.slice(at) : value.slice(at, end + 1)
    const reference = end < 0 ? undefined : parseReference(written.slice(2, -1))
    if (reference) {
      if (text !== '') parts.push(text)
      text = ''
      parts.push(reference)
    } else unknown.push(written)
    at += written.length
  }
  if (text !== '') parts.push(text)
  return { parts, unknown }
}

/** Whether the value is known only once a tenant has claimed. */
export const needsTenant = (reference: EnvironmentReference): boolean =>
  reference.kind === 'tenantId' || reference.kind === 'config' || reference.kind === 'secret'

export const referencesOf = (template: EnvironmentTemplate): readonly EnvironmentReference[] =>
  template.parts.filter((part) => typeof part !== 'string')

function parseReference(text: string): EnvironmentReference | undefined {
  if (text === 'tenantId' || text === 'containerId' || text === 'poolId') return { kind: text }
  const named = /^(secret|env):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/.exec(text)
  if (named?.[1] && named[2]) return { kind: named[1] === 'env' ? 'env' : 'secret', name: named[2] }
  const config = /^config((?:\.[A-Za-z0-9_-]+)+)$/.exec(text)
  return config?.[1] ? { kind: 'config', path: config[1].slice(1).split('.') } : undefined
}
