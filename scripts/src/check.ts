import { join } from 'node:path'

import { checkSteps } from './check/check-steps.ts'
import { runSteps } from './check/run-steps.ts'

const root = join(import.meta.dirname, '../..')
const failed = await runSteps(checkSteps(root), (text) => process.stdout.write(text))
process.exitCode = failed.length > 0 ? 1 : 0
