import { posix } from 'node:path'

import type { Rule } from './rule.ts'

export const documentLinks: Rule = {
  name: 'links in documents',
  why: 'A document that points at a file that is not there sends its reader away with nothing.',
  find: (files) => {
    const paths = new Set(files.map(({ path }) => path))
    const isThere = (path: string) => paths.has(path) || files.some((file) => file.path.startsWith(`${path.replace(/\/$/, '')}/`))
    return files
      .filter(({ path }) => path.endsWith('.md'))
      .flatMap(({ path, text }) =>
        withoutFences(text)
          .split('\n')
          .flatMap((content, i) =>
            [...content.matchAll(/\]\(([^)\s]+)\)/g)]
              .map((match) => match[1] ?? '')
              .filter((target) => !/^([a-z]+:|#|\/)/.test(target))
              .filter((target) => !isThere(posix.normalize(posix.join(posix.dirname(path), target.split('#')[0] ?? ''))))
              .map((target) => ({ path, line: i + 1, what: `points at ${target}, which is not there` })),
          ),
      )
  },
}

const withoutFences = (text: string): string => text.replaceAll(/```[\s\S]*?```/g, (fence) => fence.replaceAll(/[^\n]/g, ' '))
