import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const BUILD_ID = join(REPOSITORY, 'scripts/build-id.ts')

let folder: string
afterEach(() => {
  run(`const client = await findDaemon({ label: 'the end of a test' }); await client?.stop()`)
  rmSync(folder, { recursive: true, force: true })
})

/** A copy of the built package that may be changed. */
function copyOfBuild(): string {
  folder = mkdtempSync(join(tmpdir(), 'ew-build-'))
  for (const name of ['dist', 'package.json']) cpSync(join(REPOSITORY, name), join(folder, name), { recursive: true })
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'))
  return join(folder, 'dist')
}

/** Runs code with the client of the copy; returns what it prints. */
function run(code: string): string {
  const text = `import { connectDaemon, findDaemon } from '${folder}/dist/pool/daemon/client.js'\n${code}`
  const env = { PATH: process.env.PATH, EVERWARM_HOME: join(folder, 'home') }
  return execFileSync(process.execPath, ['--input-type=module', '-e', text], { env, encoding: 'utf8' }).trim()
}

const daemonOf = () =>
  run(
    `const client = await connectDaemon({ label: 'a test' }); console.log(JSON.stringify(client.welcome)); await client.close()`,
  )
const writeId = (dist: string) => execFileSync(process.execPath, [BUILD_ID, dist])

test('a daemon of an older build is not reused; one of the same build is', () => {
  const dist = copyOfBuild()
  writeId(dist)
  const first = JSON.parse(daemonOf())
  expect(first.version).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{12}$/)

  writeId(dist)
  expect(JSON.parse(daemonOf())).toEqual(first)

  appendFileSync(join(dist, 'environments/inside/world.js'), '\n// changed\n')
  writeId(dist)
  const second = JSON.parse(daemonOf())
  expect(second.pid).not.toBe(first.pid)
  expect(second.version).not.toBe(first.version)
})

test('the build has written its id', () => {
  const id = readFileSync(join(REPOSITORY, 'dist/build-id'), 'utf8')
  const dist = copyOfBuild()
  writeId(dist)
  expect(readFileSync(join(dist, 'build-id'), 'utf8')).toBe(id)
})
