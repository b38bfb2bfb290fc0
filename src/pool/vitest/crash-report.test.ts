import { expect, test } from 'vitest'
import { crashError } from './crash-report.ts'

test.for([
  [{ code: null, signal: 'SIGABRT' }, 'signal SIGABRT', 'V8 ran out of memory'],
  [{ code: null, signal: 'SIGSEGV' }, 'signal SIGSEGV', 'native code'],
  [{ code: null, signal: 'SIGKILL' }, 'signal SIGKILL', 'for want of memory'],
  [{ code: null, signal: 'SIGUSR2' }, 'signal SIGUSR2', 'whoever sends SIGUSR2'],
  [{ code: 7, signal: null }, 'exit code 7', 'code that ends the process'],
] as const)('%o: what happened to which file, why, and the next step', ([end, how, cause]) => {
  const error = crashError({ ...end, files: ['src/a.test.ts'], tests: [] })
  expect(error.code).toBe('HOST_CRASHED')
  expect(error.message).toContain(`Worker exited unexpectedly with ${how} while running src/a.test.ts; `)
  expect(error.message).toContain(cause)
  expect(error.message).toContain('npx vitest run src/a.test.ts')
  expect(error.stack).not.toContain('\n')
})

test('a test that is known to have run is named', () => {
  const error = crashError({ code: null, signal: 'SIGSEGV', files: ['a.test.ts'], tests: ['s > t'] })
  expect(error.message).toContain('in the test "s > t"')
})
