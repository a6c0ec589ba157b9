export * from './src/claims.ts'
