export * from './src/store.ts'
