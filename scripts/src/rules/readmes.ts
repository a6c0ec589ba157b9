import type { Rule } from './rule.ts'

export const readmes: Rule = {
  name: 'a README a package',
  why: 'A stranger learns there what the package is, what it is not, and where to look.',
  find: (files) =>
    files.flatMap(({ path }) => {
      const home = /^((?:packages|apps|examples)\/[^/]+|e2e|bench|scripts)\/(?:package\.json|workload\.yaml)$/.exec(path)?.[1]
      if (!home) return []
      const readme = files.find((file) => file.path === `${home}/README.md`)
      if (!readme) return [{ path: home, what: 'has no README.md' }]
      return readme.text.trim().length < 200 ? [{ path: readme.path, what: 'says next to nothing' }] : []
    }),
}
