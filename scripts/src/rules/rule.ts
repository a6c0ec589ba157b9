/** A file of the repository: tracked, or new and not ignored. Binary files have an empty text. */
export interface RepositoryFile {
  /** From the root, with "/". */
  readonly path: string
  readonly text: string
}

export interface Finding {
  readonly path: string
  /** From 1; left out where the file as a whole is meant. */
  readonly line?: number
  readonly what: string
}

/** One rule of the repository: pure, so that its test can show that it fails. */
export interface Rule {
  readonly name: string
  /** Printed with the findings: why the rule is there. */
  readonly why: string
  find(files: readonly RepositoryFile[]): readonly Finding[]
}

export const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path)
export const isTypeScript = (path: string): boolean => /\.tsx?$/.test(path) && !path.endsWith('.d.ts')
/** Test code and tooling: a suite of conformance, a fixture, a `test-…` file, or a part of the repository that holds no product code. */
export const isTestGround = (path: string): boolean =>
  isTest(path) ||
  /(^|\/)(conformance\/|test-[^/]+\.ts$|[^/]+(\.fixture|-conformance)\.ts$)/.test(path) ||
  /^(packages\/testkit|e2e|bench|scripts|examples)\//.test(path)

/** The rules and their tests hold the very texts that they look for. */
export const isRule = (path: string): boolean => path.startsWith('scripts/src/rules/')

/** The lines that hold a match, comments left out. */
export function linesWith(text: string, pattern: RegExp): readonly { line: number; match: string }[] {
  return withoutComments(text)
    .split('\n')
    .flatMap((content, i) => {
      const match = pattern.exec(content)
      return match ? [{ line: i + 1, match: match[0] }] : []
    })
}

/** Blanks comments and keeps the lines; a "//" inside a quoted text stays. */
export function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replaceAll(/[^\n]/g, ' ')
  return text.replaceAll(
    /('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (whole, quoted: string | undefined) => quoted ?? blank(whole),
  )
}
