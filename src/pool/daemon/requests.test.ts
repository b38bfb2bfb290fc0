import { expect, test } from 'vitest'
import { PoolProfile } from '../../contracts/profiles.ts'
import * as contracts from '../../contracts/protocol.ts'
import { validEnd, validProfile, validRequest } from './requests.ts'

const profile = {
  environment: 'node',
  nodePath: '/node',
  execArgv: ['--expose-gc'],
  env: { PATH: '/bin' },
  cwd: '/app',
  root: '/app',
  vitestPackage: '/app/v',
  preload: ['jsdom'],
  cacheDir: '/c',
}
const browser = { environment: 'chromium', command: '/chromium', args: ['--headless'], env: {}, cwd: '/' }
const resident = {
  environment: 'vitest',
  nodePath: '/node',
  env: { HOME: '/root' },
  cwd: '/app',
  vitestPackage: '/app/v',
  argv: ['run'],
  terminals: [false, true, true],
}
const wasm = { environment: 'wasm', nodePath: '/node' }
const child = {
  environment: 'vitest-child',
  runtime: 'bun',
  command: '/bun',
  args: ['--smol'],
  env: {},
  root: '/app',
  vitestPackage: '/app/v',
}
const runtime = { environment: 'runtime', runtime: 'workerd', command: '/workerd', env: { A: 'b' }, cwd: '/app' }
const lent = {
  environment: 'browser',
  name: 'firefox',
  command: '/firefox',
  driverCommand: '',
  driver: 'bidi',
  args: [],
  env: {},
  cwd: '/',
}
const api = { environment: 'api', env: { SSL_CERT_DIR: '/c' } }
const request = { profile, waitMs: 5 }
const STRANGE = [undefined, null, 5, -1, 0.5, 3_600_001, '', 'node', true, [], [1], ['a'], {}, { a: 'b' }, { a: 1 }]

test.for([
  ['the profile of a host', PoolProfile, validProfile, profile],
  ['the profile of a browser', PoolProfile, validProfile, browser],
  ['the profile of a resident Vitest', PoolProfile, validProfile, resident],
  ['the profile of a host for wasm', PoolProfile, validProfile, wasm],
  ['the profile of a child for Vitest', PoolProfile, validProfile, child],
  ['the profile of a runtime', PoolProfile, validProfile, runtime],
  ['the profile of a lent browser', PoolProfile, validProfile, lent],
  ['the profile of kept connections', PoolProfile, validProfile, api],
  ['a request', contracts.LeaseRequest, validRequest, request],
  ['the end of a lease', contracts.LeaseEnd, validEnd, { outcome: 'clean', reason: 'x' }],
] as const)('the check of %s judges as its schema does, whatever is in a field', ([, schema, check, good]) => {
  const strange = Object.keys(good).flatMap((name) => STRANGE.map((value) => ({ ...good, [name]: value })))
  const missing = Object.keys(good).map((name) => Object.fromEntries(Object.entries(good).filter(([other]) => other !== name)))
  for (const value of [good, ...strange, ...missing, ...STRANGE]) {
    const parsed = schema.safeParse(value)
    if (parsed.success) expect(check(value)).toEqual(parsed.data)
    else expect(() => check(value), JSON.stringify(value)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
  }
})
