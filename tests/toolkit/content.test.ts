import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openTransferServer } from '../../src/content/transfer/server.ts'
import { ownFolder, script, toolkit } from './toolkit-run.ts'

const ALL = { include: ['**/*'], exclude: [] }

function repository(folder: string): string {
  const source = join(folder, 'source')
  mkdirSync(join(source, 'docs'), { recursive: true })
  writeFileSync(join(source, 'a.txt'), 'a')
  writeFileSync(join(source, 'docs', 'b.txt'), 'b')
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main', ...args], { cwd: source })
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '-m', 'one')
  git('branch', 'side')
  return source
}

test('a repository is cloned, whole or some of its paths, and its group may write it', async () => {
  const folder = ownFolder()
  const source = repository(folder)
  const whole = await toolkit(folder, ['clone', source, 'whole', '--verbosity', 'quiet'])
  expect(whole).toMatchObject({ code: 0 })
  expect(whole.stdout).toMatch(/^\S+\/whole is at [0-9a-f]{40}\n$/)
  expect(readFileSync(join(folder, 'whole/docs/b.txt'), 'utf8')).toBe('b')
  expect(statSync(join(folder, 'whole/docs/b.txt')).mode & 0o060).toBe(0o060)
  const args = ['clone', source, '/data/repo', '-p', 'docs', '--cone', '-r', 'side', '--retry-count', '0', '--retry-delay', '1ms']
  expect(await toolkit(folder, args, { WORKFLOW_DATA: join(folder, 'data') })).toMatchObject({ code: 0 })
  expect(existsSync(join(folder, 'data/repo/docs/b.txt'))).toBe(true)
  const branch = execFileSync('git', ['branch', '--show-current'], { cwd: join(folder, 'data/repo'), encoding: 'utf8' })
  expect(branch.trim()).toBe('side')
  const none = await toolkit(folder, ['clone', join(folder, 'nowhere'), 'x', '--retry-count', '0'])
  expect(none.code).toBe(1)
  expect(none.stderr).toContain('CLONE_FAILED')
})

test('archives come from our own server by its token, and files go there', async () => {
  const folder = ownFolder()
  mkdirSync(join(folder, 'out/sub'), { recursive: true })
  writeFileSync(join(folder, 'out/a.txt'), 'a')
  writeFileSync(join(folder, 'out/sub/b.js'), 'b')
  writeFileSync(join(folder, 'out/sub/c.ts'), 'c')
  const server = await openTransferServer()
  try {
    const config = JSON.stringify({ transfer: { url: server.url, token: server.token } })
    const { url } = await server.offer(join(folder, 'out'), ALL)
    const got = await toolkit(folder, ['tarball', `got=${url}`], { EVERWARM_CONFIG: config })
    expect(got).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(join(folder, 'got/sub/b.js'), 'utf8')).toBe('b')
    const to = `${server.accept(join(folder, 'landed'))}/0`
    const args = ['transfer', `out:**/*.{js,ts},!**/c.ts=${to}`]
    expect(await toolkit(folder, args, { EVERWARM_CONFIG: config })).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(join(folder, 'landed/sub/b.js'))).toBe(true)
    expect(existsSync(join(folder, 'landed/sub/c.ts'))).toBe(false)
    expect(existsSync(join(folder, 'landed/a.txt'))).toBe(false)
    const refused = await toolkit(folder, args)
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('TRANSFER_FAILED')
  } finally {
    await server.close()
  }
})

test('a server of its own gives files away and takes them in, until the script around ends', { timeout: 30_000 }, async () => {
  const folder = ownFolder()
  mkdirSync(join(folder, 'in'))
  writeFileSync(join(folder, 'in/a.txt'), 'a')
  const token = 'a-token-of-some-length'
  const text = `
    : > said
    tk serve-transfer --offer in:*.txt --accept back > said &
    until [ "$(wc -l < said)" = 2 ]; do sleep 0.05; done
    at=$(sed -n 's/^in=\\(.*\\)\\/download.*/\\1/p' said)
    export EVERWARM_CONFIG="{\\"transfer\\": {\\"url\\": \\"$at\\", \\"token\\": \\"$EVERWARM_TRANSFER_TOKEN\\"}}"
    tk tarball "$(sed -n 's/^in=/got=/p' said)" && tk transfer "$(sed -n 's/^back=/got=/p' said)"
    `
  const env = { EVERWARM_TRANSFER_TOKEN: token, TMPDIR: folder }
  // Its end is that of the server, too, which has its standard error.
  const { code, stderr } = await script(folder, text, env).ended
  expect([code, stderr]).toEqual([0, ''])
  expect(readFileSync(join(folder, 'back/a.txt'), 'utf8')).toBe('a')
  expect(readFileSync(join(folder, 'said'), 'utf8')).not.toContain(token)
  expect(readdirSync(folder).filter((name) => name.startsWith('everwarm-'))).toEqual([])
})

test('only 204 says that files have been taken', async () => {
  const folder = ownFolder()
  const other = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(200).end('thanks'))
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as AddressInfo
  const { code, stderr } = await toolkit(folder, ['transfer', `.=http://127.0.0.1:${port}/x`])
  other.close()
  expect(code).toBe(1)
  expect(stderr).toContain('did not take the files: the answer was 200.')
  expect(stderr).toContain('Only 204 says that the files are kept')
})

test('no other server is told the token', async () => {
  const folder = ownFolder()
  const heard: (string | undefined)[] = []
  const other = createServer((request, response) => {
    heard.push(request.headers.authorization)
    response.writeHead(404).end()
    request.resume()
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/x`
  const config = JSON.stringify({ transfer: { url: 'http://127.0.0.1:1', token: 'top-secret' } })
  for (const args of [
    ['tarball', `a=${url}`],
    ['transfer', `.:*.none=${url}`],
  ])
    expect((await toolkit(folder, args, { EVERWARM_CONFIG: config })).code).toBe(1)
  expect(heard).toEqual([undefined, undefined])
  other.close()
})

test('files are kept under their names; what cannot be read is a warning, and reports are read', async () => {
  const folder = ownFolder()
  mkdirSync(join(folder, 'reports'))
  writeFileSync(join(folder, 'reports/junit.xml'), '<testsuite tests="3" failures="1"></testsuite>')
  writeFileSync(join(folder, 'reports/log.txt'), 'log')
  symlinkSync('nowhere', join(folder, 'reports/gone.txt'))
  const config = JSON.stringify({ artifacts: { prefix: 'r4/1' } })
  const { code, stdout, stderr } = await toolkit(folder, ['artifacts', 'reports/**', '!**/*.bin', '--id', 'x'], {
    EVERWARM_CONFIG: config,
  })
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('r4/1/reports/log.txt: 3 bytes\n')
  expect(stdout).toMatch(/reports\/junit\.xml \(junit\): tests 3, failed 1/)
  const kept = execFileSync('find', [join(folder, 'home/executions'), '-name', 'log.txt'], { encoding: 'utf8' })
  expect(kept.trim()).toMatch(/\/artifacts\/r4\/1\/reports\/log\.txt$/)
})

test('files are kept as one archive, made where one says; folders outside are refused', async () => {
  const folder = ownFolder()
  writeFileSync(join(folder, 'a.txt'), 'a')
  const args = ['artifacts', '*.txt', '-m', '.', '--compress', 'all.tar', '--compress-cache', 'cache.tgz', '--unpack']
  const { code, stdout } = await toolkit(folder, args)
  expect(code).toBe(0)
  expect(stdout).toContain('all.tar.gz: 1 file\n')
  expect(execFileSync('tar', ['tzf', join(folder, 'cache.tgz')], { encoding: 'utf8' })).toBe('a.txt\n')
  const outside = await toolkit(folder, ['artifacts', '/etc/*', '-m', '.'])
  expect(outside.code).toBe(1)
  expect(outside.stderr).toContain('The pattern /etc/* looks for files outside of all volumes.')
})

test('an artifact that cannot be kept fails the command after all others were tried', async () => {
  const folder = ownFolder()
  // With what is added while it is written, its name is longer than any file's may be.
  const long = `${'x'.repeat(248)}.txt`
  for (const name of ['a.txt', long, 'z.txt']) writeFileSync(join(folder, name), name)
  const { code, stdout, stderr } = await toolkit(folder, ['artifacts', '*.txt'])
  expect(code).toBe(1)
  expect(stderr).toContain('ARTIFACTS_FAILED: 1 of 3 could not be kept')
  expect(stdout).toContain('a.txt: 5 bytes\n')
  expect(stdout).toContain('z.txt: 5 bytes\n')
})
