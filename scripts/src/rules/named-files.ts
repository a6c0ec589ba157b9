import type { Rule } from './rule.ts'

/** A file of ours, with as much of its path as the document gives; `<kind>-rules.ts` and `*.test.ts` stand for many and are let be. */
const sourceFile = /^[\w./-]+\.(?:ts|sh|sql)$/

export const namedFiles: Rule = {
  name: 'files named in documents',
  why: 'File maps go stale unseen: a reader looks for a file that was renamed or taken away.',
  find: (files) => {
    const paths = files.map(({ path }) => `/${path}`)
    return files
      .filter(({ path }) => path.endsWith('.md'))
      .flatMap(({ path, text }) =>
        text.split('\n').flatMap((content, i) =>
          [...content.matchAll(/`([^`]+)`/g)]
            .map(([, name = '']) => name)
            .filter((name) => sourceFile.test(name) && !paths.some((one) => one.endsWith(`/${name}`)))
            .map((name) => ({ path, line: i + 1, what: `names ${name}, which is not there` })),
        ),
      )
  },
}
