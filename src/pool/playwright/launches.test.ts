import { expect, test } from 'vitest'
import { launchOf, type SpawnCall } from './launches.ts'

const PROFILE = '--user-data-dir=/tmp/playwright_chromiumdev_profile-Ab3'
const ARGS = ['--headless', '--lang=de', PROFILE, '--remote-debugging-pipe', '--no-startup-window']
const PIPES = ['ignore', 'pipe', 'pipe', 'pipe', 'pipe']
const call = (change: Partial<SpawnCall> = {}): SpawnCall => ({
  command: '/usr/bin/chromium',
  args: ARGS,
  stdio: PIPES,
  env: { TZ: 'UTC', EMPTY: undefined },
  cwd: '/app',
  ...change,
})

test('a launch by Playwright is lent, its profile folder left out', () => {
  expect(launchOf(call())).toEqual({
    kind: 'lend',
    profile: {
      environment: 'chromium',
      command: '/usr/bin/chromium',
      args: ['--headless', '--lang=de', '--remote-debugging-pipe', '--no-startup-window'],
      env: { TZ: 'UTC' },
      cwd: '/app',
    },
    folder: '/tmp/playwright_chromiumdev_profile-Ab3',
  })
})

test.for<[string, Partial<SpawnCall>]>([
  ['a program of a test', { command: 'git', args: ['status'], stdio: 'pipe' }],
  ['a persistent context', { args: ARGS.map((arg) => (arg === '--no-startup-window' ? 'about:blank' : arg)) }],
  ['a profile that somebody keeps', { args: ARGS.map((arg) => (arg === PROFILE ? '--user-data-dir=/home/me/profile' : arg)) }],
  [
    'Firefox',
    { args: ['-no-remote', '-headless', '-profile', '/tmp/playwright_firefoxdev_profile-x', '-juggler-pipe', '-silent'] },
  ],
  ['a launch without pipes', { stdio: ['pipe', 'pipe', 'pipe'] }],
])('%s is none of ours', ([, change]) => {
  expect(launchOf(call(change))).toEqual({ kind: 'other' })
})

test.for<[string, string[]]>([
  ['a window', ARGS.slice(1)],
  ['a port of its own', [...ARGS, '--remote-debugging-port=9222']],
  ['an extension', [...ARGS, '--load-extension=/app/extension']],
  ['a log of its own', [...ARGS, '--log-net-log=/tmp/net.json']],
])('a browser with %s is its caller’s own', ([, args]) => {
  expect(launchOf(call({ args }))).toMatchObject({ kind: 'own', why: expect.stringMatching(/^a browser with/) })
})
