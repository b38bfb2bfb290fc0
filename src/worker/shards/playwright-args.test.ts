import { mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { refusePlaywrightArgs } from './playwright-args.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'ew-args-')))
const app = join(base, 'app')
mkdirSync(app)
symlinkSync(tmpdir(), join(app, 'out'))

test.for([
  [['--config=../../evil.ts']],
  [['--config', '/evil.ts']],
  [['-c', 'out/evil.ts']],
  [['-xc/evil.ts']],
  [['--tsconfig', '/evil.json']],
  [['--add-reporter=./r.ts']],
  [['--last-failed-file=/x']],
  [['--ui-host=0.0.0.0']],
  [['-g', '--grep', '--add-reporter=./r.ts']],
  [['--']],
])('%s is refused', ([args]) => {
  expect(() => refusePlaywrightArgs(args!, base, app)).toThrow(expect.objectContaining({ code: 'COMMAND_REFUSED' }))
})

test('what chooses among the project’s own tests is taken', () => {
  const config = ['--config=../shared.ts', '-c', 'e2e.config.ts', '-xg', 'cart']
  refusePlaywrightArgs([...config, '--project', 'a', 'b', '--grep=-x', '-j2', '--retries=2', '--headed'], base, app)
})
