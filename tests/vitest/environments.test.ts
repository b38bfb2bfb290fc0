import { afterEach, expect, test } from 'vitest'
import { realProject, type RealProject } from '../support/real-run.ts'

let project: RealProject
afterEach(() => project.remove())

// In two parts: Vitest would read it as a word to this very file.
const IN = `// @vitest-${'environment'}`
const OWN = `
  export default {
    name: 'own', viteEnvironment: 'ssr',
    setup(global) { global.answer = 42; return { teardown() { delete global.answer } } },
  }`

test(
  'a file whose environment is not there fails as in stock forks, and the others have their results',
  { timeout: 60_000 },
  async () => {
    project = realProject({
      'a.test.ts': `import { test } from 'vitest'; test('passes', () => {})`,
      'b.test.ts': `${IN} nowhere\nimport { test } from 'vitest'; test('never', () => {})`,
    })
    const [ours, stock] = [await project.run(), await project.run({ env: { EVERWARM: '0' } })]
    expect(ours.states).toEqual(stock.states)
    expect([ours.code, stock.code]).toEqual([1, 1])
    for (const { stderr } of [ours, stock]) {
      expect(stderr).toContain('[vitest-pool]: Failed to start forks worker for test files')
      expect(stderr).toContain('nowhere')
    }
  },
)

test('a file in an environment of the project is judged again in that environment', { timeout: 60_000 }, async () => {
  project = realProject(
    {
      'own.ts': OWN,
      'a.test.ts': `
        import { expect, test } from 'vitest'
        test('has it', () => expect((globalThis as any).answer).toBe(42))
        test('fails', () => expect(1).toBe(2))`,
    },
    { test: `environment: './own.ts'` },
  )
  const [ours, stock] = [await project.run(), await project.run({ env: { EVERWARM: '0' } })]
  expect(stock.states).toEqual({ 'a.test.ts > has it': 'passed', 'a.test.ts > fails': 'failed' })
  expect(ours.states).toEqual(stock.states)
  expect(ours.runs['a.test.ts']).toMatchObject({ where: 'fork', state: 'failed' })
})
