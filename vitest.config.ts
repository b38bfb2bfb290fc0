import { existsSync } from 'node:fs'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const BUILT = new URL('dist/vitest.js', import.meta.url)

/** Our own tests run on what is built; before the first build they run as they would without it. */
async function ownPool(): Promise<Plugin[]> {
  if (!existsSync(BUILT)) return []
  const { everwarm } = (await import(BUILT.href)) as typeof import('./src/vitest.ts')
  return [everwarm() as Plugin]
}

export default defineConfig({
  plugins: [ownPool()],
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts', 'scripts/**/*.test.ts', 'benchmarks/**/*.test.ts'],
    exclude: ['fixtures/**', 'node_modules/**', 'dist/**', '.bench/**'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // The tests start daemons, hosts and whole Vitest runs: two files at a time are enough for two cores.
    maxWorkers: 2,
  },
})
