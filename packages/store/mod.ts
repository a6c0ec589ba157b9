export * from './src/store.ts'
export * from './src/event-hub.ts'
export { createMemoryData, type MemoryData } from './src/memory/memory-data.ts'
export { createMemoryStore, type MemoryStoreOptions } from './src/memory/memory-store.ts'
