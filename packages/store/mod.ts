export * from './src/store.ts'
export * from './src/event-hub.ts'
