import { storeConformance } from '../conformance.ts'
import { createMemoryData } from './memory-data.ts'
import { createMemoryStore } from './memory-store.ts'

storeConformance({
  name: 'memory',
  async create() {
    const data = createMemoryData()
    return { connect: async (clock) => createMemoryStore({ clock, data }), dispose: async () => {} }
  },
})
