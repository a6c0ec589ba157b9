import type { Event, EventRecord } from '@boilerhouse/resources'

import { toRfc3339 } from './present-time.ts'

export const presentEvent = ({ timeMs, ...record }: EventRecord): Event => ({
  ...record,
  time: toRfc3339(timeMs),
  data: { ...record.data },
})
