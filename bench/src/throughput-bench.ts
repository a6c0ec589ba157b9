import type { Benchmark } from './benchmark.ts'
export const throughputBench: Benchmark = { name: 'throughput', summary: '', run: async () => { throw new Error('x') } }
