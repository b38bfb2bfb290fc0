import { relative, resolve, sep } from 'node:path'
import type { TestSpecification, Vitest } from 'vitest/node'
import type { SessionTest } from '../../../contracts/session.ts'

export interface FoundTest {
  test: SessionTest
  /** One for each project that has the file; none: nobody knows it. */
  specifications: TestSpecification[]
}

/** Files are looked for once; a second time where one is not found. */
export async function specificationsOf(vitest: Vitest, tests: readonly SessionTest[]): Promise<FoundTest[]> {
  const first = matches(await vitest.globTestSpecifications(), tests)
  if (first.every(({ specifications }) => specifications.length > 0)) return first
  vitest.clearSpecificationsCache()
  return matches(await vitest.globTestSpecifications(), tests)
}

function matches(all: readonly TestSpecification[], tests: readonly SessionTest[]): FoundTest[] {
  const byFile = Map.groupBy(all, ({ moduleId }) => resolve(moduleId))
  return tests.map((test) => {
    const ofFile = byFile.get(resolve(test.path)) ?? []
    return { test, specifications: ofFile.filter(({ project }) => test.project === undefined || project.name === test.project) }
  })
}

export async function listTests(vitest: Vitest): Promise<SessionTest[]> {
  const all = await vitest.globTestSpecifications()
  const seen = new Map<string, SessionTest>()
  for (const { moduleId, project } of all) {
    const path = relative(process.cwd(), resolve(moduleId)).replaceAll(sep, '/')
    const id = project.name ? `[${project.name}] ${path}` : path
    seen.set(id, { id, path, ...(project.name ? { project: project.name } : {}) })
  }
  return [...seen.values()]
}

/** Full names as everwarm and Vitest write them, with ` > ` between suites; Vitest compares with a space there. */
export function namePatternOf(names: readonly string[]): RegExp {
  const each = names.map((name) => name.split(' > ').map(escapePattern).join('(?: > | )'))
  return new RegExp(`^(?:${each.join('|')})$`)
}

const escapePattern = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
