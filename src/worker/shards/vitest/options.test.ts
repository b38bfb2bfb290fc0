import { mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseCLI } from 'vitest/node'
import { checkedArg, refuseOptions } from './options.ts'

const base = realpathSync(mkdtempSync(join(tmpdir(), 'ew-options-')))
const directory = join(base, 'app')
mkdirSync(directory)
symlinkSync(tmpdir(), join(directory, 'out'))

const look = (args: readonly string[]) => {
  const { filter, options } = parseCLI(['vitest', 'run', ...args.map(checkedArg)])
  refuseOptions({ filter, options: { ...options }, base, directory })
}

test.for([
  '--root=/outside',
  '--dir=/outside',
  '--dir=../..',
  '--config=/evil.ts',
  '-c=/evil.ts',
  '-r=../..',
  '--config=out/evil.ts',
  '--execArgv=--import=x',
  '--exec-argv=-r=x',
  '--poolOptions.forks.execArgv=-e',
  '--env.NODE_OPTIONS=-r=x',
  '--reporter=./r.ts',
  '--globalSetup=a.ts',
  '--global-setup=/a.ts',
  '--setupFiles=data:text/javascript,1',
  '--runner=x',
  '--environment=./e.ts',
  '--pool=/p.ts',
  '--typecheck.checker=/bin/sh',
  '--inspect-brk=0.0.0.0:9229',
  '--api',
  '--alias.a=b',
  '--coverage.customProviderModule=x',
  '--browser.provider=x',
  '--projects=/outside',
  '--__proto__.shell=x',
])('%s is refused', (arg) => {
  expect(() => look([arg])).toThrow(expect.objectContaining({ code: 'COMMAND_REFUSED' }))
})

test.for([
  ['--root=..', '--config=shared.ts', '--dir=app/tests'],
  ['-c', 'vitest.config.ts', '-t', 'cart|--root=/x', '--retry=2', '--bail', '3', '--no-isolate', '--no-file-parallelism'],
  ['--environment=jsdom', '--pool', 'threads', '--reporter=verbose', '--reporter', 'junit', '--project', 'a', '--mode=ci'],
  ['--coverage.enabled=false', '--sequence.shuffle.tests', '--test-timeout=1000', '--maxWorkers=50%', '--no-config'],
])('what chooses and bounds the project’s own tests is taken: %s', (args) => look(args))
