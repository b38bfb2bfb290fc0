import { expect, test } from 'vitest'
import { type RunFacts, runRefusal, willRunTests } from './refusals.ts'

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

test('commands that run no test start no daemon', () => {
  const argv = (...args: string[]) => ['node', 'playwright', ...args]
  expect(willRunTests(argv('test', 'a.spec.ts'))).toBe(true)
  expect(willRunTests(argv('test', '--list'))).toBe(false)
  expect(willRunTests(argv('merge-reports', './blobs'))).toBe(false)
})
