import { isTypeScript, type Rule } from './rule.ts'

const forbidden = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'types', 'interfaces', 'manager', 'service', 'shared']

export const fileNames: Rule = {
  name: 'file names',
  why: 'A file is named in kebab-case after its main export; a name like "utils" says nothing and grows without bound.',
  find: (files) =>
    files
      .filter(({ path }) => isTypeScript(path))
      .flatMap(({ path }) => {
        const file = path.split('/').at(-1) ?? ''
        const stem = file.replace(/(\.(property|test|fixture|generated))*\.tsx?$/, '')
        const isComponent = file.endsWith('.tsx') && /^[A-Z][A-Za-z0-9]*$/.test(stem)
        if (!isComponent && !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(stem)) return [{ path, what: `"${file}" is not kebab-case` }]
        const word = stem === 'index' ? 'index' : forbidden.find((name) => stem === name || stem.endsWith(`-${name}`))
        return word && !isKindService(stem) ? [{ path, what: `"${word}" does not say what the file does` }] : []
      }),
}

/** The kind *service* of the design is another thing than a "service" that does everything. */
const isKindService = (stem: string): boolean =>
  ['get-service', 'list-service', 'create-service', 'delete-service'].includes(stem)
