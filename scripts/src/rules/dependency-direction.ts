import { isTestGround, isTypeScript, withoutComments, type Finding, type RepositoryFile, type Rule } from './rule.ts'

const ports = ['store', 'runtime', 'state', 'egress', 'jobs']
const core = ['base', 'resources', ...ports]

/** Package -> packages of ours that it may import. Adapters (`<port>-<engine>`) and apps follow their own rule below. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  base: [],
  resources: ['base'],
  ...Object.fromEntries(ports.map((port) => [port, ['base', 'resources']])),
  claims: core,
  controllers: [...core, 'claims'],
  api: [...core, 'claims', 'controllers'],
  client: ['resources'],
  // Starts a database server; knows nothing of what is stored in it.
  'postgres-embedded': ['base'],
}

const order = 'base <- resources <- ports (store, runtime, state, egress, jobs) <- claims, controllers <- api <- apps'

/** Who may import whom; tests, testkit, e2e, bench and scripts may import everything. */
export const dependencyDirection: Rule = {
  name: 'dependency direction',
  why: `${order}; an adapter imports its port, resources, base and one vendor library, and only apps import adapters: so an engine can be exchanged without touching what decides.`,
  find: (files) => [
    ...files.filter(({ path }) => isTypeScript(path) && !isTestGround(path)).flatMap(importFindings),
    ...files.filter(({ path }) => /^packages\/[^/]+\/package\.json$/.test(path)).flatMap(vendorFindings),
  ],
}

export interface ImportLine {
  readonly line: number
  readonly target: string
}

/** What a file imports, from any form of import or re-export. */
export function importsOf(text: string): readonly ImportLine[] {
  const code = withoutComments(text)
  const pattern = /(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"\n]+)\1/g
  return [...code.matchAll(pattern)].map((match) => ({
    line: code.slice(0, match.index).split('\n').length,
    target: match[2] ?? '',
  }))
}

const portOfAdapter = (name: string): string | undefined => ports.find((port) => name.startsWith(`${port}-`))

function importFindings({ path, text }: RepositoryFile): readonly Finding[] {
  const owner = /^packages\/([^/]+)\//.exec(path)?.[1]
  const isApp = path.startsWith('apps/')
  if (!isApp && (!owner || owner === 'testkit')) return []
  return importsOf(text).flatMap(({ line, target }) => {
    const what = isApp ? appFault(path, target) : packageFault(path, owner ?? '', target)
    return what ? [{ path, line, what }] : []
  })
}

function packageFault(path: string, owner: string, target: string): string | undefined {
  if (leaves(path, target, 2)) return `imports ${target}, which lies outside packages/${owner}: import the package by its name`
  const name = ourPackage(target)
  if (!name || name.package === owner) return undefined
  if (name.isDeep) return `imports ${target}: only what mod.ts exports is for others`
  const port = portOfAdapter(owner)
  const may = port ? [port, 'resources', 'base'] : (allowed[owner] ?? [])
  if (may.includes(name.package)) return undefined
  if (!port && !(owner in allowed))
    return `packages/${owner} has no place in the order yet: add it to scripts/src/rules/dependency-direction.ts`
  return `${owner} may not import ${name.package} (${may.length > 0 ? `only ${may.join(', ')}` : 'nothing of ours'})`
}

function appFault(path: string, target: string): string | undefined {
  if (leaves(path, target, 2)) return `imports ${target}, which lies outside the app: import packages by their names`
  const name = ourPackage(target)
  if (name?.package === 'testkit') return 'imports testkit, which is for tests alone'
  if (name?.isDeep) return `imports ${target}: only what mod.ts exports is for others`
  if (path.startsWith('apps/dashboard/') && name && !['client', 'resources'].includes(name.package)) {
    return `the dashboard may import only client and resources, not ${name.package}`
  }
  return undefined
}

function ourPackage(target: string): { package: string; isDeep: boolean } | undefined {
  const match = /^@boilerhouse\/([^/]+)(\/.*)?$/.exec(target)
  return match?.[1] ? { package: match[1], isDeep: match[2] !== undefined } : undefined
}

/** True where a relative import climbs above the first `depth` directories of the path. */
function leaves(path: string, target: string, depth: number): boolean {
  if (!target.startsWith('.')) return false
  const at = path.split('/').slice(0, -1)
  for (const step of target.split('/')) {
    if (step === '..') at.pop()
    else if (step !== '.') at.push(step)
    if (at.length < depth) return true
  }
  return at.slice(0, depth).join('/') !== path.split('/').slice(0, depth).join('/')
}

function vendorFindings({ path, text }: RepositoryFile): readonly Finding[] {
  const owner = path.split('/')[1] ?? ''
  if (!portOfAdapter(owner)) return []
  const { dependencies = {} } = JSON.parse(text) as { dependencies?: Record<string, string> }
  const vendors = Object.keys(dependencies).filter((name) => !/^@(boilerhouse|types)\//.test(name))
  if (vendors.length <= 1) return []
  return [{ path, what: `an adapter has one vendor library, ${owner} has ${vendors.length}: ${vendors.join(', ')}` }]
}
