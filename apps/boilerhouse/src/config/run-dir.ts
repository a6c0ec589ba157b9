import { dirname } from 'node:path'

import type { Config } from './load-config.ts'

/** For sockets whose own place has too long a path: beside the slots, which are mounted over while it may be in use. */
export const runDirOf = ({ slotsDir }: Pick<Config, 'slotsDir'>): string => dirname(slotsDir)
