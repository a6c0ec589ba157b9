import { isTypeScript, type Rule } from './rule.ts'

export const oneBarrel: Rule = {
  name: 'one mod.ts a package',
  why: 'What a package offers is read in one place; everything else is its own affair.',
  find: (files) => {
    const packages = new Set(files.flatMap(({ path }) => /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1] ?? []))
    const missing = [...packages].filter((name) => !files.some(({ path }) => path === `packages/${name}/mod.ts`))
    const extra = files.filter(
      ({ path }) => isTypeScript(path) && path.endsWith('/mod.ts') && !/^packages\/[^/]+\/mod\.ts$/.test(path),
    )
    return [
      ...missing.map((name) => ({ path: `packages/${name}`, what: 'has no mod.ts' })),
      ...extra.map(({ path }) => ({ path, what: 'is a second barrel: import the file itself' })),
    ]
  },
}
