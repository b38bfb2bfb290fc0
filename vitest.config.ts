import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts', 'scripts/**/*.test.ts', 'benchmarks/**/*.test.ts'],
    exclude: ['fixtures/**', 'node_modules/**', 'dist/**', '.bench/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The tests start daemons, hosts and whole Vitest runs: two files at a time are enough for two cores.
    maxWorkers: 2,
  },
})
