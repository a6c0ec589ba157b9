import { join } from 'node:path'

import { generatedDocuments } from './generate/documents.ts'
import { staleFiles, writeGenerated } from './generate/generated-files.ts'

// `--check` changes nothing and fails where a file is stale.
const root = join(import.meta.dirname, '../..')
const isCheck = process.argv.includes('--check')

const told: string[] = []
for (const generated of await generatedDocuments(root))
  told.push(...(await (isCheck ? staleFiles : writeGenerated)(root, generated)))
for (const path of told) console.log(`${isCheck ? 'stale' : 'written'}  ${path}`)
if (isCheck && told.length > 0) {
  console.log('remedy  npm run generate')
  process.exitCode = 1
}
