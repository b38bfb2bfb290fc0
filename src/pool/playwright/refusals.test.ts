import { expect, test } from 'vitest'
import { type RunFacts, runRefusal, willLease } from './refusals.ts'

const facts = (change: Partial<RunFacts> = {}): RunFacts => ({ nodeVersion: '24.1.0', platform: 'linux', env: {}, ...change })

test.for<[Partial<RunFacts>, unknown]>([
  [{}, null],
  [{ env: { EVERWARM: '0' } }, 'off (EVERWARM=0)'],
  [{ env: { EVERWARM: 'no' } }, expect.stringContaining('EVERWARM must be 0 or 1')],
  [{ env: { PWDEBUG: '1' } }, 'silent'],
  [{ env: { PWDEBUG: '0' } }, null],
  [{ nodeVersion: '22.11.0' }, 'not used: Node 22.11.0 is older than 22.12'],
  [{ platform: 'win32' }, expect.stringContaining('Windows')],
])('a run with %j: %s', ([change, refusal]) => {
  expect(runRefusal(facts(change))).toEqual(refusal)
})

test('commands that run no test, and browsers with a window, start no daemon in advance', () => {
  const argv = (...args: string[]) => ['node', 'playwright', ...args]
  expect(willLease(argv('test', 'a.spec.ts'))).toBe(true)
  expect(willLease(argv('test', '--list'))).toBe(false)
  expect(willLease(argv('test', '--headed'))).toBe(false)
  expect(willLease(argv('test', '--debug=inspector'))).toBe(false)
  expect(willLease(argv('merge-reports', './blobs'))).toBe(false)
})
