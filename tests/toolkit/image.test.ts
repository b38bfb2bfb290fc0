import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openTransferServer } from '../../src/content/transfer/server.ts'
import { dockerHost } from '../support/docker.ts'
import { testImages } from '../support/images.ts'
import { ownFolder, ownHouse } from './toolkit-run.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const hasDocker = (() => {
  try {
    return execFileSync('docker', ['--version']).length > 0
  } catch {
    return false
  }
})()
const host = hasDocker ? await dockerHost() : undefined

function bundled(): string {
  const folder = ownFolder()
  const file = join(folder, 'everwarm-toolkit.mjs')
  execFileSync(process.execPath, ['--no-warnings', 'scripts/bundle-toolkit.ts', file], { cwd: ROOT })
  return folder
}

test('one file without packages does all of it', { timeout: 60_000 }, () => {
  const folder = bundled()
  const spec = JSON.stringify({
    count: 20,
    container: { env: [{ name: 'X', value: 'x' }] },
    shell: 'echo {{ env.X }}-{{ index }}',
  })
  const env = { PATH: process.env['PATH']!, ...ownHouse(folder) }
  const said = execFileSync(process.execPath, ['everwarm-toolkit.mjs', 'parallel', spec], { cwd: folder, env, encoding: 'utf8' })
  expect(said).toContain('] x-19\n')
  expect(said).toMatch(/workers +20 passed/)
})

test.runIf(host)('the image runs the toolkit as a user without rights', { timeout: 120_000 }, async () => {
  const folder = bundled()
  const { node } = await testImages(host!)
  const env = { ...process.env, DOCKER_HOST: host!, DOCKER_BUILDKIT: '0' }
  const docker = (...args: string[]) => execFileSync('docker', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const image = 'everwarm-test/toolkit'
  docker(
    'build',
    '--network',
    'none',
    '--build-arg',
    `BASE=${node}`,
    '-f',
    join(ROOT, 'deploy/image/Dockerfile'),
    '-t',
    image,
    folder,
  )
  mkdirSync(join(folder, 'out'))
  writeFileSync(join(folder, 'out/a.txt'), 'brought here')
  const server = await openTransferServer()
  try {
    const { url } = await server.offer(join(folder, 'out'), { include: ['**/*'], exclude: [] })
    const config = JSON.stringify({ transfer: { url: server.url, token: server.token } })
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const script = 'id -u; everwarm-toolkit tarball "got=$0" && cat got/a.txt'
    const args = [
      'run',
      '--rm',
      '--network',
      'host',
      '-e',
      'EVERWARM_CONFIG',
      '-w',
      '/tmp',
      '--entrypoint',
      'sh',
      image,
      '-c',
      script,
      url,
    ]
    const child = spawn('docker', args, { env: { ...env, EVERWARM_CONFIG: config } })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += String(data)))
    child.once('error', reject)
    child.once('close', () => resolve(said))
    expect(await promise).toBe('1001\n/tmp/got: 1 entry, 12 bytes\nbrought here')
    expect(docker('run', '--rm', '--network', 'none', '--read-only', image, 'tarball')).toBe('No archives were asked for.\n')
  } finally {
    await server.close()
    docker('image', 'rm', '-f', image)
  }
})
