import { expect, test } from 'vitest'
import { refuseLoadingVariables } from './given-env.ts'

test.for([
  'NODE_OPTIONS',
  'node_options',
  'NODE_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'LD_PRELOAD',
  'LD_AUDIT',
  'DYLD_INSERT_LIBRARIES',
  'PATH',
  'Path',
  'BASH_ENV',
  'BASH_FUNC_ls%%',
  'ENV',
  'GIT_SSH_COMMAND',
  'PYTHONSTARTUP',
  'PERL5OPT',
  'RUBYOPT',
  'PW_TEST_REPORTER',
  'EVERWARM_HOST_ENTRY',
  'EVERWARM_WORKER_ALLOW',
  'npm_config_script_shell',
  'JAVA_TOOL_OPTIONS',
])('%s is not set by others', (name) => {
  expect(() => refuseLoadingVariables({ A: '1', [name]: 'x' })).toThrow(
    expect.objectContaining({ code: 'COMMAND_REFUSED', message: expect.stringContaining(name) }),
  )
})

test('what tests are told by variables reaches them', () => {
  refuseLoadingVariables({
    NODE_ENV: 'test',
    BASE_URL: 'http://x',
    CI: '1',
    EVERWARM: '0',
    DEBUG: 'pw:api',
    MY_PATH: 'a',
    TZ: 'UTC',
  })
})
