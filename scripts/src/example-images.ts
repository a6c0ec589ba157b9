import { join } from 'node:path'

import { createProgress } from './bootstrap/progress.ts'
import { SetUpFailure } from './bootstrap/set-up-failure.ts'
import { buildExampleImages } from './example-images/build-images.ts'

// Builds the images of the examples that are missing or older than their files. No image is pulled.
const root = join(import.meta.dirname, '../..')
try {
  await buildExampleImages({ root, bun: process.execPath, progress: createProgress((line) => process.stdout.write(`${line}\n`)) })
} catch (error) {
  if (!(error instanceof SetUpFailure)) throw error
  process.stderr.write(`\n  FAILED  ${error.message.replaceAll('\n', '\n          ')}\n  remedy  ${error.remedy}\n`)
  process.exitCode = 1
}
