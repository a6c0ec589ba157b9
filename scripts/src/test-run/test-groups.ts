import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** The test files of one package, run by one `bun test`. */
export interface TestGroup {
  /** From the root: `packages/claims`. */
  readonly home: string
  readonly files: readonly string[]
  /** Uses the real engine or the clock so much that nothing else may run beside it. */
  readonly isAlone: boolean
  readonly timeoutMs: number
}

const alone = /^(e2e|bench|examples|apps\/|packages\/runtime-docker)/
const skipped = new Set(['node_modules', '.staged', 'context', 'results'])

/** Every test file of the repository, in groups: the quick ones first, those that need the machine for themselves last. */
export async function findTestGroups(root: string): Promise<readonly TestGroup[]> {
  const homes = [...(await below(root, 'packages')), ...(await below(root, 'apps')), 'scripts', 'examples', 'e2e', 'bench']
  const groups = await Promise.all(
    homes.map(async (home): Promise<TestGroup> => {
      const isAlone = alone.test(home)
      return { home, files: await testFiles(root, home), isAlone, timeoutMs: isAlone ? 120_000 : 30_000 }
    }),
  )
  return groups
    .filter(({ files }) => files.length > 0)
    .sort((a, b) => Number(a.isAlone) - Number(b.isAlone) || (a.home < b.home ? -1 : 1))
}

async function below(root: string, directory: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, directory), { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => `${directory}/${entry.name}`)
}

async function testFiles(root: string, directory: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, directory), { withFileTypes: true }).catch(() => [])
  const found = await Promise.all(
    entries.map((entry) => {
      const path = `${directory}/${entry.name}`
      if (entry.isDirectory()) return skipped.has(entry.name) ? [] : testFiles(root, path)
      return /\.test\.tsx?$/.test(entry.name) ? [path] : []
    }),
  )
  return found.flat().sort()
}
