import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { realProject, type RealProject } from '../support/real-run.ts'

const CLI = new URL('../../src/cli/main.ts', import.meta.url).pathname

let project: RealProject
afterEach(() => project.remove())

const explain = (...args: string[]) =>
  execFileSync(process.execPath, [CLI, 'explain', ...args], {
    cwd: project.root,
    env: { ...process.env, ...project.env, EVERWARM_CACHE: join(project.root, '.cache') },
    encoding: 'utf8',
  })

test('`everwarm explain` says where a file ran, why, and what its time is made of, also when the file is gone', async () => {
  project = realProject({
    'a.test.ts': `import { test } from 'vitest'; test('passes', () => {})`,
    'b.test.ts': `import { expect, test } from 'vitest'; test('fails', () => expect(1).toBe(2))`,
  })
  await project.run()
  expect(explain('a.test.ts')).toMatch(/^a\.test\.ts passed .* ago, in a warm host \(process \d+\)\n {2}phase +time\n/)
  expect(explain('b.test.ts')).toContain('failed in a process of its own too, seen')
  expect(JSON.parse(explain('a.test.ts', '--json'))).toMatchObject({ runs: [{ where: 'host', state: 'passed' }], lessons: [] })
  rmSync(join(project.root, 'a.test.ts'))
  expect(explain('a.test.ts')).toMatch(/^a\.test\.ts is gone; this was known of it:\na\.test\.ts passed/)
})

test('`everwarm explain` names the runtime in whose child a file ran', async () => {
  project = realProject({
    'a.test.ts': `
      // @everwarm-runtime bun
      import { expect, test } from 'vitest'
      test('passes', () => expect(typeof Bun).toBe('object'))`,
    'b.test.ts': `
      // @everwarm-runtime bun
      import { test } from 'vitest'
      test('ends', () => process.kill(process.pid, 'SIGKILL'))`,
  })
  await project.run()
  expect(explain('a.test.ts')).toMatch(
    /^a\.test\.ts passed .* ago, in a process of bun \(process \d+\)\nwhy: it asks for bun\n {2}phase +time\n/,
  )
  expect(explain('b.test.ts')).toMatch(/^b\.test\.ts failed .*\nwhy: it asks for bun, and its process ended \(SIGKILL\)\n/)
  expect(JSON.parse(explain('a.test.ts', '--json'))).toMatchObject({ runs: [{ where: 'bun', state: 'passed' }], lessons: [] })
})
