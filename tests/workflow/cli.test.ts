import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const FIXTURES = fileURLToPath(new URL('../../fixtures/workflows/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ew-workflow-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function everwarm(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'workflow', ...args], { cwd: folder, encoding: 'utf8' })
  return { status, stdout, stderr }
}

test('lint says all that is wrong in all files and ends with 2; what is right ends with 0', { timeout: 60_000 }, () => {
  writeFileSync(join(folder, 'a.yaml'), 'kind: Workflow\nmetadata: { name: a }\nspec: { stepz: [] }\n')
  writeFileSync(join(folder, 'b.yaml'), 'kind: [\n')
  const wrong = everwarm('lint', 'a.yaml', 'b.yaml')
  expect(wrong.status).toBe(2)
  expect(wrong.stdout).toContain('a.yaml:3:9: spec.stepz: There is no field "stepz" here. (Did you mean "steps"?')
  expect(wrong.stdout).toMatch(/b\.yaml:\d+:\d+: /)
  const right = everwarm('lint', join(FIXTURES, 'services.yaml'), join(FIXTURES, 'playwright-matrix.yaml'))
  expect(right).toEqual({ status: 0, stdout: '3 documents, nothing wrong\n', stderr: '' })
})

test('render shows what would run with some parameters, for people and for programs', { timeout: 60_000 }, () => {
  const file = join(FIXTURES, 'load-test.yaml')
  expect(everwarm('render', file, '--config', 'target=http://x', '--config', 'users=6').stdout).toContain(
    '2  shard 2 of 3  users=[4,5]',
  )
  const json = JSON.parse(everwarm('render', file, '--config', 'target=http://x', '--json').stdout)
  expect(json).toMatchObject({ name: 'load', config: { users: 100, target: 'http://x' } })
  const missing = everwarm('render', file)
  expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('The parameter "target" needs a value.')])
})

test('import prints a workflow that lint takes, and says on stderr what is missing', { timeout: 60_000 }, () => {
  const theirs =
    'apiVersion: v1\nkind: TestWorkflow\nmetadata: { name: t, namespace: n }\nspec: { steps: [{ shell: ls, unknown: 1 }] }\n'
  writeFileSync(join(folder, 'theirs.yaml'), theirs)
  const { stdout, stderr } = everwarm('import', 'theirs.yaml')
  expect(stderr).toContain('spec.steps[0].unknown: There is no field "unknown" here. Left out.')
  writeFileSync(join(folder, 'ours.yaml'), stdout)
  expect(everwarm('lint', 'ours.yaml').stdout).toBe('1 document, nothing wrong\n')
})

test('schema prints JSON Schema', { timeout: 60_000 }, () => {
  expect(JSON.parse(everwarm('schema').stdout)).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#' })
})
