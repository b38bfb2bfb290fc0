/** The parts of Playwright's `Suite` and `TestCase` that a plan is made of; its own types fit. */
export interface SuiteLike {
  parent?: SuiteLike
  suites: SuiteLike[]
  type: 'root' | 'project' | 'file' | 'describe'
  allTests(): TestLike[]
  project(): { name: string; dependencies: string[]; teardown?: string } | undefined
}
export interface TestLike {
  id: string
  parent: SuiteLike
  repeatEachIndex: number
  expectedStatus: string
}

/** Tests that stay together, because Playwright runs them one after another in one worker. */
export interface ShardUnit<Test extends TestLike = TestLike> {
  /** The smallest of its tests' ids: the same in every shard. */
  id: string
  tests: Test[]
}

type Mode = 'serial' | 'parallel' | 'default'

/**
 * The tests of a suite as units, by Playwright's own rule for groups: a file, or inside `parallel` a test, or there the
 * outermost suite that is serial (or default again).
 * @param mode `TestRun.mode`: the mode of a suite, inherited where it has none of its own
 */
export function shardUnits<Suite extends SuiteLike>(root: Suite, mode: (suite: Suite) => Mode): ShardUnit[] {
  const byOwner = new Map<object, TestLike[]>()
  const fixed = projectsOfEveryShard(root)
  for (const project of root.suites) {
    if (fixed.has(project.project()?.name ?? '')) continue
    for (const test of project.allTests()) {
      const owner = ownerOf(test, mode as (suite: SuiteLike) => Mode)
      byOwner.set(owner, [...(byOwner.get(owner) ?? []), test])
    }
  }
  return [...byOwner.values()].map((tests) => ({ id: tests.map(idOf).sort()[0]!, tests }))
}

const idOf = (test: TestLike) => `${test.id}:${test.repeatEachIndex}`

/** Setup and teardown projects run in every shard, in full. */
function projectsOfEveryShard(root: SuiteLike): ReadonlySet<string> {
  const projects = root.suites.flatMap((suite) => suite.project() ?? [])
  return new Set(projects.flatMap(({ dependencies, teardown }) => [...dependencies, ...(teardown ? [teardown] : [])]))
}

function ownerOf(test: TestLike, mode: (suite: SuiteLike) => Mode): object {
  let file: SuiteLike | undefined
  let sequential: SuiteLike | undefined
  let isParallel = false
  for (let suite: SuiteLike | undefined = test.parent; suite; suite = suite.parent) {
    if (suite.type === 'file') file = suite
    const own = mode(suite)
    // An inherited mode cannot be told from one's own that is the same; only with `serial` it makes a difference, and a small one.
    const isOwn = own === 'serial' || own !== (suite.parent ? mode(suite.parent) : 'default')
    if (isOwn && own === 'parallel') isParallel = true
    else if (isOwn) sequential = suite
  }
  return isParallel ? (sequential ?? test) : (file ?? test.parent)
}
