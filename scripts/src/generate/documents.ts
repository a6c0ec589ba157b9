import { renderSettingsPage } from '../../../apps/boilerhouse/src/config/settings-page.ts'
import { renderErrorPages } from './error-pages.ts'
import type { GeneratedFiles } from './generated-files.ts'

/** Documents that are written from the code. */
export const generatedDocuments = (): readonly GeneratedFiles[] => [
  { files: new Map([['docs/configuration.md', renderSettingsPage()]]) },
  { files: renderErrorPages(), owns: { directory: 'docs/errors', extension: '.md' } },
]
