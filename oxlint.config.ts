import { defineConfig } from 'oxlint'

/**
 * The house's floors, bottom to top: a room imports only from floors below its own, never from a room beside it.
 * docs/architecture.md explains the rooms.
 */
const FLOORS = [
  ['contracts'],
  ['system'],
  ['sharding', 'environments', 'worker', 'database', 'artifacts', 'content'],
  ['pool', 'reporter', 'coordinator', 'orchestrator', 'executors'],
  ['workflow'],
  ['config', 'toolkit'],
  ['cli'],
]

/** One dependency, one door: who may import it, and what everybody else is told. */
const DOORS = [
  {
    regex: '^vitest/node$',
    files: ['**/vitest.ts', '**/vitest/**'],
    message: 'vitest/node is imported only in files named vitest.ts (or a folder vitest/).',
  },
  {
    regex: '^@playwright/test$',
    files: ['**/playwright.ts', '**/playwright/**'],
    message: '@playwright/test is imported only in files named playwright.ts.',
  },
  { regex: '^birpc$', files: ['src/system/channel.ts'], message: 'birpc is imported only in system/channel.ts.' },
  { regex: '^devalue$', files: ['src/system/portable.ts'], message: 'devalue is imported only in system/portable.ts.' },
  {
    regex: '^@jridgewell/trace-mapping$',
    files: ['src/environments/inside/runtime/stacks.ts'],
    message: '@jridgewell/trace-mapping is imported only in environments/inside/runtime/stacks.ts.',
  },
  {
    regex: '^ws$',
    files: [
      'src/environments/browsers/lending/lent-context.ts',
      'src/environments/browsers/lending/relay.ts',
      'src/system/web-socket.ts',
    ],
    message: 'ws is imported only in system/web-socket.ts, and in environments/browsers/lending.',
  },
  {
    regex: '^webdriverio$',
    files: ['src/pool/browsers/webdriverio.ts'],
    message: 'webdriverio is imported only in pool/browsers/webdriverio.ts.',
  },
  {
    regex: '^pg-boss$',
    files: ['src/coordinator/queue.ts'],
    message: 'pg-boss is imported only in coordinator/queue.ts.',
  },
  {
    regex: '^(pg|@electric-sql/pglite)$',
    files: ['src/database/postgres.ts', 'src/database/embedded.ts'],
    message: 'Databases are opened only by the room database: postgres.ts and embedded.ts.',
  },
  {
    regex: '^(hono|@hono/.*)(/.*)?$',
    files: ['src/system/http.ts', 'src/coordinator/http/**', 'src/orchestrator/http/**'],
    message: 'Hono is imported only by coordinator/http, orchestrator/http and system/http.ts.',
  },
  { regex: '^aws4fetch$', files: ['src/artifacts/s3.ts'], message: 'aws4fetch is imported only in artifacts/s3.ts.' },
  {
    regex: '^yaml$',
    files: [
      'src/workflow/yaml.ts',
      'src/workflow/plain-yaml.ts',
      'src/workflow/import/editable-yaml.ts',
      'src/workflow/expressions/functions/yaml-text.ts',
    ],
    message:
      'yaml is imported only in workflow/yaml.ts, workflow/plain-yaml.ts, workflow/import/editable-yaml.ts and workflow/expressions/functions/yaml-text.ts.',
  },
  {
    regex: '^shlex$',
    files: ['src/workflow/expressions/functions/shell.ts'],
    message: 'shlex is imported only in workflow/expressions/functions/shell.ts.',
  },
  {
    regex: '^jq-wasm$',
    files: ['src/workflow/expressions/functions/jq-thread.ts'],
    message: 'jq-wasm is loaded only in workflow/expressions/functions/jq-thread.ts.',
  },
  {
    regex: '^modern-tar(/.*)?$',
    files: ['src/content/archive/**'],
    message: 'modern-tar is imported only in content/archive.',
  },
  {
    regex: '^dockerode$',
    files: ['src/executors/container/engine.ts'],
    message: 'dockerode is loaded only in executors/container/engine.ts.',
  },
  {
    regex: '^@kubernetes/client-node$',
    files: ['src/executors/kubernetes/cluster.ts'],
    message: '@kubernetes/client-node is loaded only in executors/kubernetes/cluster.ts.',
  },
  { regex: '^picocolors$', files: ['src/system/log.ts'], message: 'picocolors is imported only in system/log.ts.' },
]

const floorOf = (room: string) => FLOORS.findIndex((rooms) => rooms.includes(room))
const below = (room: string) => FLOORS.slice(0, floorOf(room)).flat()

function roomPatterns(room: string) {
  const open = below(room)
  return FLOORS.flat()
    .filter((other) => other !== room && !open.includes(other))
    .map((other) => ({
      // Relative only, and only when it leaves the room: '../pool/slot.ts', not './pool/slot.ts'.
      regex: `^(\\.\\./)+${other}(/|\\.ts$)`,
      message: `The room "${room}" (floor ${floorOf(room)}) imports only from floors below: ${open.join(', ') || 'none'}. "${other}" stands on floor ${floorOf(other)}.`,
    }))
}

const doorPatterns = (open: (typeof DOORS)[number][]) =>
  DOORS.filter((door) => !open.includes(door)).map(({ regex, message }) => ({ regex, message }))

// The last override wins for a rule as a whole, so each one lists everything that holds for its files.
const rooms = FLOORS.flat().flatMap((room) => [
  { files: [`src/${room}/**/*.ts`, `src/${room}.ts`], rules: restricted([...roomPatterns(room), ...doorPatterns([])]) },
  ...DOORS.flatMap((door) => {
    const files = door.files.flatMap((glob) =>
      glob.startsWith('**/') ? [`src/${room}/${glob}`] : glob.startsWith(`src/${room}/`) ? [glob] : [],
    )
    return files.length > 0 ? [{ files, rules: restricted([...roomPatterns(room), ...doorPatterns([door])]) }] : []
  }),
])

function restricted(patterns: { regex: string; message: string }[]) {
  return {
    'eslint/no-restricted-imports': ['error', { patterns }] as ['error', { patterns: { regex: string; message: string }[] }],
  }
}

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'node', 'promise'],
  categories: { correctness: 'error', suspicious: 'error' },
  env: { node: true, es2024: true },
  ignorePatterns: ['dist', 'coverage', '.bench', 'fixtures'],
  rules: {
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'eslint/no-empty': ['error', { allowEmptyCatch: false }],
    'eslint/no-unused-vars': [
      'error',
      { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true, caughtErrors: 'none' },
    ],
    'typescript/no-non-null-assertion': 'off',
    'eslint/no-shadow': 'off',
    'eslint/no-new': 'off',
    'unicorn/no-new-array': 'off',
    'eslint/no-await-in-loop': 'off',
    'import/no-unassigned-import': 'off',
    'import/no-named-as-default-member': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'promise/always-return': 'off',
    'promise/no-multiple-resolved': 'off',
    'unicorn/require-module-specifiers': 'off',
    'eslint/no-underscore-dangle': 'off',
  },
  overrides: [
    ...rooms,
    // Tools that read a config by its default export.
    {
      files: ['*.config.ts', 'src/playwright-reporter.ts', 'src/worker/shards/playwright/reporter.ts'],
      rules: { 'import/no-default-export': 'off' },
    },
  ],
})
