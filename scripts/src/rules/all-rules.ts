import { ambientState } from './ambient-state.ts'
import { dependencyDirection } from './dependency-direction.ts'
import { documentLinks } from './document-links.ts'
import { fileNames } from './file-names.ts'
import { honestTests } from './honest-tests.ts'
import { namedFiles } from './named-files.ts'
import { oneBarrel } from './one-barrel.ts'
import { outsideNames } from './outside-names.ts'
import { readmes } from './readmes.ts'
import { reasons } from './reasons.ts'
import type { Rule } from './rule.ts'

/** `npm run check` runs these; each has a test that shows that it can fail. */
export const allRules: readonly Rule[] = [
  dependencyDirection,
  fileNames,
  oneBarrel,
  ambientState,
  outsideNames,
  honestTests,
  reasons,
  readmes,
  documentLinks,
  namedFiles,
]
