import { expect, test } from 'vitest'
import { type ReporterSetting, withReporter } from './add-reporter.ts'

test.for<[string, ReporterSetting, Record<string, string>, unknown]>([
  ['none', undefined, {}, [['list'], ['/ours']]],
  ['none on CI', undefined, { CI: '1' }, [['dot'], ['/ours']]],
  ['a name', 'html', {}, [['html'], ['/ours']]],
  ['a list', [['line'], ['json', { outputFile: 'x' }]], {}, [['line'], ['json', { outputFile: 'x' }], ['/ours']]],
])('%s and ours', ([, setting, env, reporters]) => {
  expect(withReporter(setting, { path: '/ours', argv: ['node', 'playwright', 'test'], env })).toEqual(reporters)
  expect(env).not.toHaveProperty('PW_TEST_REPORTER')
})

test('where --reporter replaces all, ours comes by Playwright’s variable, unless it has a value', () => {
  for (const argv of [['--reporter=dot'], ['--reporter', 'dot']]) {
    const env: Record<string, string> = {}
    withReporter(undefined, { path: '/ours', argv, env })
    expect(env).toEqual({ PW_TEST_REPORTER: '/ours' })
  }
  const taken = { PW_TEST_REPORTER: '/theirs' }
  withReporter(undefined, { path: '/ours', argv: ['--reporter=dot'], env: taken })
  expect(taken).toEqual({ PW_TEST_REPORTER: '/theirs' })
})
