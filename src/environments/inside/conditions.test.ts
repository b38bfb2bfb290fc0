import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

// Plugins of Solid and Svelte give workers `--conditions browser`: nothing that runs in a host may mean another file then.
test.for(['browser', 'worker', 'development', 'require'])('a host loads under --conditions %s', (condition) => {
  const text = `await import(${JSON.stringify(join(import.meta.dirname, 'host-state.ts'))}); console.log('loaded')`
  const flags = [`--conditions=${condition}`, '--disable-warning=ExperimentalWarning', '--input-type=module']
  expect(execFileSync(process.execPath, [...flags, '-e', text], { encoding: 'utf8' })).toBe('loaded\n')
})
