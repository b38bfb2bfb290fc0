/** The suites, the runners and the limits that everwarm has to reach; `npm run bench -- vitest` measures exactly these. */

export type SuiteName = 'app' | 'app1024' | 'jsdom' | 'happy-dom' | 'node' | 'one'
export type RunnerName = 'forks' | 'threads' | 'vmThreads' | 'bun' | 'everwarm' | 'everwarm-cold'
export type Metric = 'wall' | 'cpu'

export interface Suite {
  name: SuiteName
  title: string
  generator: 'app.mjs' | 'components.mjs'
  files: number
  /** Environment of the suite's folder, for components.mjs. */
  kind?: 'jsdom' | 'happy-dom' | 'node'
  /** Only this file of it. */
  only?: string
  runners: RunnerName[]
}

export const SUITES: Suite[] = [
  {
    name: 'app',
    title: 'app: 256 files, zod + date-fns + lodash',
    generator: 'app.mjs',
    files: 256,
    runners: ['everwarm', 'bun', 'vmThreads', 'everwarm-cold', 'forks'],
  },
  { name: 'app1024', title: 'app with 1,024 files', generator: 'app.mjs', files: 1024, runners: ['everwarm', 'vmThreads'] },
  {
    name: 'jsdom',
    title: 'jsdom: 60 React files',
    generator: 'components.mjs',
    files: 60,
    kind: 'jsdom',
    runners: ['everwarm', 'vmThreads', 'everwarm-cold', 'forks'],
  },
  {
    name: 'happy-dom',
    title: 'happy-dom: 60 React files',
    generator: 'components.mjs',
    files: 60,
    kind: 'happy-dom',
    runners: ['everwarm', 'vmThreads', 'everwarm-cold', 'forks'],
  },
  {
    name: 'node',
    title: 'node: 60 small files',
    generator: 'components.mjs',
    files: 60,
    kind: 'node',
    runners: ['everwarm', 'vmThreads', 'everwarm-cold', 'forks'],
  },
  {
    name: 'one',
    title: 'one jsdom file',
    generator: 'components.mjs',
    files: 60,
    kind: 'jsdom',
    only: 'jsdom/counter000',
    runners: ['everwarm', 'vmThreads', 'everwarm-cold', 'forks', 'threads'],
  },
]

/** `against`: the best of them counts, the hardest opponent. */
export interface Row {
  suite: SuiteName
  runner: 'everwarm' | 'everwarm-cold'
  against: RunnerName[]
  metric: Metric
  atMost: number
}

const row = (
  suite: SuiteName,
  against: RunnerName[],
  metric: Metric,
  atMost: number,
  runner: Row['runner'] = 'everwarm',
): Row => ({
  suite,
  runner,
  against,
  metric,
  atMost,
})

export const ROWS: Row[] = [
  row('app', ['bun'], 'wall', 1),
  row('app', ['bun'], 'cpu', 1),
  row('app', ['vmThreads'], 'wall', 0.35),
  row('app', ['vmThreads'], 'cpu', 0.35),
  row('app', ['forks'], 'wall', 0.025),
  row('app', ['forks'], 'cpu', 0.025),
  row('app1024', ['vmThreads'], 'cpu', 0.25),
  row('jsdom', ['vmThreads'], 'cpu', 0.5),
  row('node', ['vmThreads'], 'cpu', 0.5),
  row('one', ['forks', 'threads', 'vmThreads'], 'wall', 0.45),
  ...(['app', 'jsdom', 'happy-dom', 'node', 'one'] as const).map((suite) =>
    row(suite, ['forks', 'vmThreads'], 'wall', 1.15, 'everwarm-cold'),
  ),
]

/** 2,000 files in one run: the largest host's memory, from the 300th file to the end. */
export const MEMORY = { name: 'memory', files: 2000, fromFile: 300, growsAtMost: 0.1 } as const

/** Takes minutes a round and varies little; more rounds would only make the others hotter. */
export const ONE_ROUND: ReadonlySet<string> = new Set(['app/forks'])
