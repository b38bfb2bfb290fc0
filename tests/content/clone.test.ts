import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type CloneOptions, cloneRepository, type CloneRequest } from '../../src/content/clone.ts'
import { attemptsOf } from '../../src/content/git/request.ts'
import { hastyClock } from './hasty-clock.ts'
import { git, gitHouse, gitServer, isShown } from './git-house.ts'
import { harvest, plant, testFolder, type Tree } from './trees.ts'

const NONE = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null' }

function cloning(request: CloneRequest, options: Partial<CloneOptions> = {}) {
  const to = options.to ?? join(testFolder(), 'clone')
  const scratch = testFolder()
  const done = cloneRepository(request, { to, scratch, env: NONE, clock: hastyClock(), random: () => 0, ...options })
  return { to, scratch, done }
}

function treeOf(to: string): Tree {
  return Object.fromEntries(Object.entries(harvest(to)).filter(([path]) => !path.startsWith('.git/')))
}

const MAIN: Tree = { 'a/1.txt': 'one again', 'b/2.txt': 'two', 'run*': '#!/bin/sh\n' }
const SIDE: Tree = { ...MAIN, side: 'way' }

test('without a revision it is the branch that the repository names, without history', async () => {
  const { bare, last } = gitHouse()
  for (const uri of [bare, `file://${bare}`]) {
    const { to, done } = cloning({ uri })
    expect(await done).toEqual({ commit: last, branch: 'main' })
    expect(treeOf(to)).toEqual(MAIN)
    expect(git(to, 'rev-list', '--all', '--count')).toBe('1')
    expect(git(to, 'status', '--short', '--branch')).toBe('## main')
    expect(statSync(join(to, 'a/1.txt')).mode & 0o777).toBe(0o664)
    expect(statSync(join(to, 'a')).mode & 0o777).toBe(0o775)
  }
})

test('a branch, a tag or a full name of one becomes a local branch', async () => {
  const { bare, first } = gitHouse()
  const side = cloning({ uri: bare, revision: 'side/way' })
  expect(await side.done).toMatchObject({ branch: 'side/way' })
  expect(treeOf(side.to)).toEqual(SIDE)
  const tag = cloning({ uri: bare, revision: 'v1', verbosity: 'quiet' })
  expect(await tag.done).toEqual({ commit: first, branch: 'v1' })
  const full = cloning({ uri: bare, revision: 'refs/heads/side/way' })
  expect(await full.done).toMatchObject({ branch: 'side/way' })
  expect(git(full.to, 'branch', '--show-current')).toBe('side/way')
})

test('a commit has no branch; a server that does not give it alone gives all', async () => {
  const { bare, first, last } = gitHouse()
  const whole = cloning({ uri: bare, revision: first })
  expect(await whole.done).toEqual({ commit: first })
  expect(git(whole.to, 'branch', '--show-current')).toBe('')
  const short = cloning({ uri: bare, revision: last.slice(0, 8) })
  expect(await short.done).toEqual({ commit: last })
  await expect(cloning({ uri: bare, revision: 'f'.repeat(40) }).done).rejects.toMatchObject({ code: 'CLONE_FAILED' })
})

test('only the paths that are wanted come', async () => {
  const { bare } = gitHouse()
  const some = cloning({ uri: bare, paths: ['/a/*.txt'] })
  await some.done
  expect(treeOf(some.to)).toEqual({ 'a/1.txt': 'one again' })
  const cone = cloning({ uri: bare, paths: ['b'], cone: true, revision: 'main' })
  await cone.done
  expect(treeOf(cone.to)).toEqual({ 'b/2.txt': 'two', 'run*': '#!/bin/sh\n' })
})

test('what is in the folder stays, unless the repository has it, too', async () => {
  const { bare } = gitHouse()
  const to = plant(testFolder(), { 'a/own': 'mine', b: 'a file where a folder comes', 'a/1.txt': 'old' })
  await cloning({ uri: bare }, { to }).done
  expect(treeOf(to)).toEqual({ ...MAIN, 'a/own': 'mine' })
})

test('a failure leaves nothing, neither there nor among the private files', async () => {
  const { bare } = gitHouse()
  const parent = testFolder()
  const { scratch, done } = cloning({ uri: bare, revision: 'no-such-branch', sshKey: 'KEY' }, { to: join(parent, 'clone') })
  await expect(done).rejects.toMatchObject({ code: 'CLONE_FAILED', message: expect.stringContaining('no-such-branch') })
  expect(readdirSync(parent)).toEqual([])
  expect(readdirSync(scratch)).toEqual([])
})

test.each(['--upload-pack=touch /tmp/x', '', 'https://[', 'ext::sh -c touch% x'])('%j is no address', async (uri) => {
  await expect(cloning({ uri }).done).rejects.toMatchObject({ code: expect.stringMatching(/BAD_INPUT|CLONE_FAILED/) })
})

test.each(['--force', 'a..b', 'a b', 'x^{/y}', 'a:b'])('%j is no revision', async (revision) => {
  await expect(cloning({ uri: '/nowhere', revision }).done).rejects.toMatchObject({ code: 'BAD_INPUT' })
})

const TOKEN = 'gh-t0ken%/:@secret'
const basic = (user: string) => `Basic ${Buffer.from(`${user}:${TOKEN}`).toString('base64')}`

test.each([
  ['user and password', { username: 'jane', token: TOKEN }, basic('jane')],
  ['a token alone', { token: TOKEN }, basic('x-access-token')],
  ['the token of an app', { username: 'jane', token: TOKEN, authType: 'github' }, basic('x-access-token')],
  ['a bearer token', { token: TOKEN, authType: 'header' }, `Bearer ${TOKEN}`],
  ['a password in the address', {}, basic('jane')],
] as const)('%s opens the repository, and is seen by nobody else', async (name, credentials, authorization) => {
  const { root } = gitHouse()
  const server = await gitServer(root, authorization)
  const sightings = new Set<boolean>()
  server.onRequest = () =>
    sightings.add(isShown(TOKEN) || isShown(encodeURIComponent(TOKEN)) || isShown(authorization.split(' ')[1]!))
  const address =
    name === 'a password in the address' ? server.url.replace('//', `//jane:${encodeURIComponent(TOKEN)}@`) : server.url
  const said: string[] = []
  const { to, scratch, done } = cloning({ uri: `${address}/repo.git`, ...credentials }, { hear: (text) => said.push(text) })
  await done
  expect([...sightings]).toEqual([false])
  expect([...server.credentials]).toEqual([authorization])
  expect(treeOf(to)).toEqual(MAIN)
  expect(readFileSync(join(to, '.git/config'), 'utf8')).not.toMatch(/jane|t0ken/)
  expect(said.join('')).not.toContain('t0ken')
  expect(readdirSync(scratch)).toEqual([])
})

test('credentials that are wrong are an error at once, without them in it', async () => {
  const { root } = gitHouse()
  const server = await gitServer(root, basic('jane'))
  const clock = hastyClock()
  const error = await cloning({ uri: `${server.url}/repo.git`, username: 'jane', token: 'wr0ng-secret' }, { clock }).done.catch(
    (e: Error) => e,
  )
  expect(error).toMatchObject({ code: 'CLONE_FAILED' })
  expect(JSON.stringify(error)).not.toContain('wr0ng')
  expect(clock.waits).toEqual([])
})

test('a server that is away for a while is asked again, later each time', async () => {
  const { root } = gitHouse()
  const server = await gitServer(root)
  server.mishaps = [503, 0, 502]
  const clock = hastyClock()
  const { done } = cloning({ uri: `${server.url}/repo.git` }, { clock })
  expect(await done).toMatchObject({ branch: 'main' })
  expect(clock.waits).toEqual([100, 200, 400])
})

test('a server that stays away is asked as often as was said, at most 20 times more', async () => {
  const clock = hastyClock()
  const { done } = cloning({ uri: 'http://127.0.0.1:1/repo.git' }, { clock, retry: { count: 3, delayMs: 20_000 } })
  await expect(done).rejects.toMatchObject({ code: 'CLONE_FAILED' })
  expect(clock.waits).toEqual([20_000, 30_000, 30_000])
  expect(attemptsOf()).toMatchObject({ attempts: 6, delayMs: 100 })
  expect(attemptsOf({ count: 1_000, delayMs: 90_000 })).toMatchObject({ attempts: 21, delayMs: 30_000 })
})

test.each([
  ['user and password', { username: 'jane', token: TOKEN }],
  ['a bearer token', { token: TOKEN, authType: 'header' as const }],
])('%s go to nobody else, whoever the server names', async (name, credentials) => {
  const { root } = gitHouse()
  const other = await gitServer(root)
  const server = await gitServer(root)
  server.movedTo = other.url.replace('127.0.0.1', 'localhost')
  const { done } = cloning({ uri: `${server.url}/repo.git`, ...credentials })
  if (name === 'a bearer token') await expect(done).rejects.toMatchObject({ code: 'CLONE_FAILED' })
  else await done
  expect([...other.credentials]).toEqual([])
})

test('ssh asks nobody, has the key in a private file, and trusts whom it was told', async () => {
  const folder = testFolder()
  const log = join(folder, 'log')
  const ssh = join(folder, 'ssh')
  // In place of ssh, since no server of it is here: it writes down what it was given.
  writeFileSync(
    ssh,
    `#!/bin/sh\nfor word; do echo "$word" >> ${log}; case $word in IdentityFile=*) f=\${word#*=}; stat -c %a "$f" >> ${log}; cat "$f" >> ${log};; UserKnown*) cat "\${word#*=}" >> ${log};; esac; done\nexit 255\n`,
  )
  chmodSync(ssh, 0o755)
  const request = { uri: 'git@host.invalid:group/repo.git', sshKey: 'PRIVATE KEY', knownHosts: 'host.invalid ssh-ed25519 AAAA' }
  const { done } = cloning(request, { env: { ...NONE, GIT_SSH_COMMAND: ssh }, retry: { count: 0 } })
  await expect(done).rejects.toMatchObject({ code: 'CLONE_FAILED' })
  const said = readFileSync(log, 'utf8').split('\n')
  for (const line of [
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    'IdentitiesOnly=yes',
    '600',
    'PRIVATE KEY',
    'host.invalid ssh-ed25519 AAAA',
    'git@host.invalid',
  ])
    expect(said).toContain(line)
  expect(said.join(' ')).toContain(`git-upload-pack 'group/repo.git'`)
})

test('who no longer wants it is heard, and nothing is left', async () => {
  const { root } = gitHouse()
  const server = await gitServer(root)
  const controller = new AbortController()
  server.onRequest = () => controller.abort(new Error('enough'))
  const parent = testFolder()
  const { done, scratch } = cloning({ uri: `${server.url}/repo.git` }, { to: join(parent, 'clone'), signal: controller.signal })
  await expect(done).rejects.toThrow('enough')
  expect([...readdirSync(parent), ...readdirSync(scratch)]).toEqual([])
})

test("the user's own configuration holds and is not changed, other repositories are left alone", async () => {
  const { root } = gitHouse()
  const home = testFolder()
  const config = `[url "file://${root}/"]\n\tinsteadOf = mine:\n`
  writeFileSync(join(home, 'config'), config)
  const other = join(home, 'other')
  mkdirSync(other)
  const env = { ...NONE, GIT_CONFIG_GLOBAL: join(home, 'config'), GIT_DIR: other }
  const { to, done } = cloning({ uri: 'mine:repo.git' }, { env })
  await done
  expect(treeOf(to)).toEqual(MAIN)
  expect(readFileSync(join(home, 'config'), 'utf8')).toBe(config)
  expect(readdirSync(other)).toEqual([])
})
