import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FrontRequest } from '../../contracts/front-door.ts'
import { planVitest } from './vitest-command.ts'

let root: string
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ew-')))
  mkdirSync(join(root, 'node_modules/vitest'), { recursive: true })
  mkdirSync(join(root, 'packages/a'), { recursive: true })
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(root, 'node_modules/vitest/package.json'), '{}')
  symlinkSync(process.execPath, join(root, 'bin/node'))
})
afterAll(() => rmSync(root, { recursive: true }))

const request = (change: Partial<FrontRequest> = {}): FrontRequest => ({
  command: 'vitest',
  cwd: join(root, 'packages/a'),
  env: { PATH: `:/nowhere:${join(root, 'bin')}`, ...change.env },
  pid: 1,
  terminals: [false, false, false],
  columns: 0,
  rows: 0,
  args: ['run'],
  ...(change.env ? { ...change, env: { PATH: join(root, 'bin'), ...change.env } } : change),
})

test('Vitest is looked for in the folders above, node on the PATH of the client', () => {
  expect(planVitest(request({ args: ['run', 'a'] }))).toMatchObject({
    kind: 'resident',
    command: [realpathSync(process.execPath), join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'a'],
    profile: { vitestPackage: join(root, 'node_modules/vitest/package.json'), argv: ['run', 'a'] },
  })
})

test.for<[string, Partial<FrontRequest>, 'plain' | 'resident']>([
  ['`run`', {}, 'resident'],
  ['`run` on a terminal', { terminals: [true, true, true] }, 'resident'],
  ['no word, on a terminal: it watches', { terminals: [true, true, true], args: [] }, 'plain'],
  ['no word, on a terminal of CI', { terminals: [true, true, true], args: [], env: { CI: '1' } }, 'resident'],
  ['no word, in a pipe', { args: ['src'] }, 'resident'],
  ['`watch`', { args: ['watch'] }, 'plain'],
  ['`list`', { args: ['list'] }, 'plain'],
  ['a debugger', { args: ['run', '--inspect-brk=9229'] }, 'plain'],
  ['the page', { args: ['run', '--ui'] }, 'plain'],
  ['browser mode', { args: ['run', '--browser.name=chromium'] }, 'plain'],
  ['a line of a file', { args: ['run', 'a.test.ts:12'] }, 'plain'],
  ['coverage', { args: ['run', '--coverage'] }, 'resident'],
  ['everwarm switched off', { env: { EVERWARM: '0' } }, 'plain'],
])('%s is run by a %s Vitest', ([, change, kind]) => {
  expect(planVitest(request(change)).kind).toBe(kind)
})

test('without Vitest, or without node, it is said what is missing', () => {
  expect(planVitest(request({ cwd: dirname(root) }))).toMatchObject({
    kind: 'absent',
    hint: 'Run `npm install --save-dev vitest`.',
  })
  expect(planVitest(request({ env: { PATH: '/nowhere' } }))).toMatchObject({
    kind: 'absent',
    message: 'There is no `node` on the PATH.',
  })
})
