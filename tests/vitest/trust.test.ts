import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { project as newProject, type Project } from '../support/vitest-run.ts'

let project: Project
afterEach(() => project.remove())

const FAILS_IN_HOSTS = `
  import { test, expect } from 'vitest'
  console.log('said by ' + (process.env.EVERWARM_WORLD ? 'the host' : 'the fork'))
  test('is in a fork', () => { expect(process.env.EVERWARM_WORLD).toBe(undefined) })
`
const PASSES = `
  import { test, expect } from 'vitest'
  test('passes', () => { expect(1).toBe(1) })
`
const FAILS = `
  import { test, expect } from 'vitest'
  test('fails', () => { console.log('said once'); expect(1).toBe(2) })
`

test('a file that fails only in a host gets the verdict of a fork, and goes straight to a fork from then on', async () => {
  project = newProject({ 'a.test.ts': FAILS_IN_HOSTS })
  const first = await project.run()
  expect(first.code).toBe(0)
  expect(first.states).toEqual({ 'a.test.ts > is in a fork': 'passed' })
  expect(first.stdout).toContain('said by the fork')
  expect(first.stdout).not.toContain('said by the host')
  expect(first.stderr).toContain('a.test.ts runs in a process of its own from now on')
  expect(first.runs['a.test.ts']).toMatchObject({ where: 'fork', why: expect.stringContaining('failed in a warm host') })

  const second = await project.run()
  expect(second.code).toBe(0)
  expect(second.runs['a.test.ts']).toMatchObject({
    where: 'fork',
    why: expect.stringContaining('passes in a process of its own'),
  })

  project.write({ 'a.test.ts': PASSES })
  const third = await project.run()
  expect(third.runs['a.test.ts']).toMatchObject({ where: 'host', state: 'passed' })
})

test('a file that fails everywhere is reported once, and believed from a host as long as the failure stays the same', async () => {
  project = newProject({ 'a.test.ts': FAILS })
  const first = await project.run()
  expect(first.code).toBe(1)
  expect(first.states).toEqual({ 'a.test.ts > fails': 'failed' })
  expect(first.stdout.match(/said once/g)).toHaveLength(1)
  expect(first.runs['a.test.ts']).toMatchObject({ where: 'fork', state: 'failed' })

  const second = await project.run()
  expect(second.code).toBe(1)
  expect(second.stdout.match(/said once/g)).toHaveLength(1)
  expect(second.runs['a.test.ts']).toMatchObject({ where: 'host', state: 'failed' })

  project.write({ 'a.test.ts': FAILS.replace('toBe(2)', 'toBe(3)') })
  const third = await project.run()
  expect(third.runs['a.test.ts']).toMatchObject({ where: 'fork', state: 'failed' })
})

test('a file that is judged again writes its snapshots once', async () => {
  project = newProject({
    'a.test.ts': `${FAILS_IN_HOSTS}
      test('keeps', () => { expect({ a: 1 }).toMatchSnapshot(); expect(3).toMatchInlineSnapshot() })
    `,
  })
  const first = await project.run()
  expect(first.code).toBe(0)
  expect(first.stdout).toContain('2 written')
  expect(readFileSync(join(project.root, 'a.test.ts'), 'utf8')).toContain('toMatchInlineSnapshot(`3`)')
  expect(readFileSync(join(project.root, '__snapshots__/a.test.ts.snap'), 'utf8').match(/exports\[/g)).toHaveLength(1)
})

test('unhandled errors, failed imports and broken hooks get the verdict of a fork', async () => {
  project = newProject({
    'error.test.ts': `${PASSES}
      if (process.env.EVERWARM_WORLD) Promise.reject(new Error('stray'))
    `,
    'import.test.ts': `${PASSES}
      if (process.env.EVERWARM_WORLD) throw new Error('no import')
    `,
    'hook.test.ts': `${PASSES}
      import { afterAll } from 'vitest'
      afterAll(() => { if (process.env.EVERWARM_WORLD) throw new Error('no end') })
    `,
  })
  const result = await project.run()
  expect(result.code).toBe(0)
  expect(Object.values(result.states)).toEqual(['passed', 'passed', 'passed'])
  for (const run of Object.values(result.runs)) expect(run.where).toBe('fork')
})

test('a host that dies under a file costs the file nothing', async () => {
  project = newProject({
    'a.test.ts': `${PASSES}
      if (process.env.EVERWARM_WORLD) process.kill(process.pid, 'SIGKILL')
      if (process.env.EVERWARM_WORLD) await new Promise(() => {})
    `,
    'b.test.ts': PASSES,
  })
  const result = await project.run({ env: { EVERWARM_STUB: 'frail' } })
  expect(result.code).toBe(0)
  expect(result.runs['a.test.ts']).toMatchObject({ where: 'fork', why: expect.stringContaining('lost') })
  expect(result.runs['b.test.ts']).toMatchObject({ where: 'host' })
})

test('a file that kills its process is reported like in stock forks', async () => {
  project = newProject({
    'a.test.ts': `${PASSES}
      process.kill(process.pid, 'SIGKILL')
      await new Promise(() => {})
    `,
  })
  const result = await project.run({ env: { EVERWARM_STUB: 'frail' } })
  expect(result.code).toBe(1)
  expect(result.stderr + result.stdout).toContain('Worker exited unexpectedly with signal SIGKILL')
})

test('annotations reach the reporters once, with what the test gets back, also of a file that fails: it runs in a fork', async () => {
  project = newProject({
    'a.test.ts': `
      import { test, expect } from 'vitest'
      test('notes', async ({ annotate }) => { expect(await annotate('noted', 'kind')).toMatchObject({ message: 'noted' }) })
      test('fails', () => { expect(1).toBe(2) })
    `,
    'counts.ts': `export default class {
      onTestModuleCollected() { console.log('heard: collected') }
      onTestCaseAnnotate(_, { message }) { console.log('heard: ' + message) }
    }`,
  })
  for (const _ of ['first', 'second']) {
    const result = await project.run({ args: ['--reporter=./counts.ts'] })
    expect([result.code, result.states]).toEqual([1, { 'a.test.ts > notes': 'passed', 'a.test.ts > fails': 'failed' }])
    expect(result.stdout.match(/heard: .*/g)).toEqual(['heard: collected', 'heard: noted'])
    expect(result.runs['a.test.ts']).toMatchObject({ where: 'fork', why: expect.stringContaining('annotations') })
  }
})
