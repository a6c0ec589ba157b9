import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { renderSettingsPage } from '../../../apps/boilerhouse/src/config/settings-page.ts'
import { openApiText } from '../../../packages/api/src/generated-files.ts'
import { runCommand } from '../bootstrap/run-command.ts'
import { renderApiPage } from './api-page.ts'
import { renderCliPage } from './cli-page.ts'
import { withPart } from './document-part.ts'
import { renderErrorPages } from './error-pages.ts'
import type { GeneratedFiles } from './generated-files.ts'
import { renderMetricTable } from './metric-meanings.ts'
import { renderPoolFields, renderWorkloadFields } from './workload-fields.ts'

/** Everything that is written from the code and committed. */
export async function generatedDocuments(root: string): Promise<readonly GeneratedFiles[]> {
  const openApi = openApiText()
  return [
    { files: new Map([['packages/api/openapi.json', openApi]]) },
    { files: new Map([['packages/client/src/openapi.generated.ts', await clientTypes(root, openApi)]]) },
    { files: new Map([['docs/configuration.md', renderSettingsPage()]]) },
    { files: new Map([['docs/api.md', renderApiPage(openApi)]]) },
    { files: new Map([['docs/cli.md', renderCliPage()]]) },
    { files: await partlyGenerated(root) },
    { files: renderErrorPages(), owns: { directory: 'docs/errors', extension: '.md' } },
  ]
}

/** Pages written by hand around a table that is written from the code. */
async function partlyGenerated(root: string): Promise<ReadonlyMap<string, string>> {
  const parts = [
    ['docs/workloads.md', 'fields of a workload', renderWorkloadFields()],
    ['docs/workloads.md', 'fields of a pool', renderPoolFields()],
    ['docs/operations.md', 'metrics', renderMetricTable()],
  ] as const
  const pages = new Map<string, string>()
  for (const [path, name, part] of parts)
    pages.set(path, withPart(pages.get(path) ?? (await readFile(join(root, path), 'utf8')), name, part))
  return pages
}

/** The types of every operation, from the document as it is now and not as it is committed. */
async function clientTypes(root: string, openApi: string): Promise<string> {
  const scratch = await mkdtemp(join(tmpdir(), 'bh-openapi-'))
  try {
    const path = join(scratch, 'types.ts')
    await writeFile(join(scratch, 'openapi.json'), openApi)
    const tool = join(root, 'packages/client/node_modules/.bin/openapi-typescript')
    const argv = [process.execPath, tool, join(scratch, 'openapi.json'), '--default-non-nullable=false', '-o', path]
    const { exitCode, output } = await runCommand(argv, { cwd: join(root, 'packages/client') })
    if (exitCode !== 0) throw new Error(`openapi-typescript failed: ${output}`)
    return await Bun.file(path).text()
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
