import type { WorkloadStore } from '../store.ts'
import type { MemoryData } from './memory-data.ts'

const limitBytes = 1_048_576

export function createBuildLogs({ workloads, buildLogs }: MemoryData): Pick<WorkloadStore, 'appendBuildLog' | 'buildLog'> {
  return {
    async appendBuildLog(id, text, { reset = false } = {}) {
      if (!workloads.has(id)) return
      const before = reset ? '' : (buildLogs.get(id) ?? '')
      buildLogs.set(id, newest(before + text))
    },
    buildLog: async (id) => buildLogs.get(id) ?? '',
  }
}

function newest(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= limitBytes) return text
  let start = bytes.length - limitBytes
  // Never begin inside a character: continuation bytes are 10xxxxxx.
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start++
  return bytes.subarray(start).toString()
}
