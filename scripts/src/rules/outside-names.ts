import type { Rule } from './rule.ts'

// Written in parts, so that this file does not name what it forbids.
const names: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: new RegExp(['registry', '\\.(npmjs|yarnpkg|npmmirror)\\.'].join('')), what: 'names the host of a package registry' },
  {
    pattern: new RegExp(['(deb', '\\.debian|archive', '\\.ubuntu|security', '\\.ubuntu)\\.(org|com)'].join('')),
    what: 'names the host of a package registry',
  },
  { pattern: new RegExp(['(^|[\\s"\'`(=:])/', '(work|root|Users)/[a-z]'].join('')), what: 'names a path of one machine' },
  {
    pattern: new RegExp(['(^|[\\s"\'`(=:])/', 'home/(?!user\\b|me\\b|you\\b)[a-z]'].join('')),
    what: 'names a path of one machine',
  },
]

export const outsideNames: Rule = {
  name: 'no registry host, no machine path',
  why: 'A clone works on any machine and with whatever mirror its npm and apt are set to.',
  find: (files) =>
    files.flatMap(({ path, text }) =>
      text.split('\n').flatMap((content, i) => {
        const name = names.find(({ pattern }) => pattern.test(content))
        return name ? [{ path, line: i + 1, what: name.what }] : []
      }),
    ),
}
