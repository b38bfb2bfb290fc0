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

test(
  'what documents say is text on a terminal, one line for each fault, and no more than people read',
  { timeout: 60_000 },
  () => {
    const steps = Array.from({ length: 250 }, () => '    - { "\\e]0;x\\a\\nb.yaml:1:1: fake": 1, shell: x }').join('\n')
    writeFileSync(
      join(folder, 'odd.yaml'),
      `kind: Workflow\nmetadata: { name: a }\nspec:\n  steps:\n${steps}\n    - { shell: "{{ a }}" }\n`,
    )
    const { stdout } = everwarm('lint', 'odd.yaml')
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(202)
    expect(
      lines.slice(0, 200).every((line) => line.startsWith('odd.yaml:') && line.includes('\\u001b]0;x\\u0007\\nb.yaml')),
    ).toBe(true)
    expect(lines[200]).toMatch(/^and \d+ more/)
    writeFileSync(
      join(folder, 'esc.yaml'),
      'kind: Workflow\nmetadata: { name: a }\nspec: { steps: [{ name: "n\\e[2J\\n\\u202e", shell: "a\\e\\nb" }] }\n',
    )
    expect(everwarm('render', 'esc.yaml').stdout).toContain('n\\u001b[2J\\n\\u202e\n  shell: a\\u001b\n')
  },
)

test('lint reads what the shell pipes, and does not wait for who writes into another pipe', { timeout: 60_000 }, () => {
  const script = `mkfifo f; cat ok.yaml | "$0" "$1" workflow lint /dev/stdin && "$0" "$1" workflow lint f`
  writeFileSync(join(folder, 'ok.yaml'), 'kind: Workflow\nmetadata: { name: a }\nspec: { steps: [{ shell: x }] }\n')
  const ended = spawnSync('sh', ['-c', script, process.execPath, MAIN], { cwd: folder, encoding: 'utf8', timeout: 30_000 })
  expect(ended.stdout).toBe('1 document, nothing wrong\n')
  expect(ended.stderr).toContain('f cannot be read (a named pipe)')
})
