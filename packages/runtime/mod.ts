export * from './src/runtime.ts'
