import { WorkflowSpec } from '../../contracts/workflow/document.ts'
import { namesHint } from '../../system/known-names.ts'
import type { Path } from '../fault.ts'
import { fieldsOf, isMapLike } from '../schema-walk.ts'

/** What those who know other systems write in a step, and what it is here. */
const IN_STEP: Readonly<Record<string, string>> = {
  if: 'It is `condition` here.',
  when: 'It is `condition` here.',
  uses: 'A repository comes by `content: { git: { uri: … } }`, steps of others by `template: { name: … }`.',
  needs: 'Steps run one after the other; `condition` says on what.',
  'continue-on-error': 'It is `optional: true` here.',
  allow_failure: 'It is `optional: true` here.',
  strategy: 'Write `parallel: { matrix: { … }, steps: […] }`.',
  matrix: 'Write `parallel: { matrix: { … }, steps: […] }`.',
  shards: 'Write `parallel: { shards: { … }, steps: […] }`.',
  count: 'Write `parallel: { count: …, steps: […] }`.',
  image: 'Write `container: { image: … }`.',
  env: 'Write `container: { env: [{ name: A, value: b }] }`.',
  with: 'Parameters of a template stand in `template: { name: …, config: { … } }`.',
  script: 'It is `shell` here.',
  command: 'Write `run: { command: [npm, test] }`, or `shell: npm test`.',
  args: 'Write `run: { command: [npm], args: [test] }`.',
  retries: 'Write `retry: { count: … }`.',
  'working-directory': 'It is `workingDir` here.',
  'timeout-minutes': 'Write `timeout: 30m`.',
}
const INTO_STEP = 'It belongs into a step: `steps: [{ shell: … }]`.'
const IN_SPEC: Readonly<Record<string, string>> = {
  image: IN_STEP['image']!,
  env: IN_STEP['env']!,
  jobs: 'Write `steps`; those of `parallel` run at the same time.',
  stages: 'Write `steps`; those of `parallel` run at the same time.',
  on: 'Nothing begins a workflow by itself: let cron, or a CronJob of Kubernetes, run `everwarm workflow run`.',
  shell: INTO_STEP,
  run: INTO_STEP,
  execute: INTO_STEP,
  parallel: 'It belongs into a step: `steps: [{ parallel: { … } }]`.',
}

/** The next step for a field that there is not. @param id of the schema around it @param known all fields there */
export function fieldHint(key: string, id: string | undefined, known: readonly string[]): string | undefined {
  const foreign = id === 'Step' ? IN_STEP : id === 'WorkflowSpec' ? IN_SPEC : {}
  if (Object.hasOwn(foreign, key)) return foreign[key]
  const isDocument = id === 'Workflow' || id === 'WorkflowTemplate'
  if (isDocument && Object.hasOwn(fieldsOf(WorkflowSpec) ?? {}, key)) return 'It belongs below `spec`: indent it.'
  if (isDocument && key === 'name') return 'Write `metadata: { name: … }`.'
  return known.length > 0 ? namesHint(key, known) : undefined
}

function hints(texts: Readonly<Record<string, (given: unknown) => string>>): ReadonlyMap<unknown, (given: unknown) => string> {
  return new Map(Object.entries(texts))
}

/** How a field is written that was given as something else, from what was given; by its name. */
const WRITTEN: ReadonlyMap<unknown, (given: unknown) => string> = hints({
  run: (given) => `Write \`shell: ${shownOr(given, 'npm test')}\`, or \`run: { command: [npm, test] }\`.`,
  command: () => 'Write each word by itself: `[npm, test]`; or `shell` instead of `command`.',
  args: () => 'Write each word by itself: `[--run, a]`.',
  shell: () => 'Write one text: `shell: npm ci && npm test`, or `shell: |` with a command in each line below it.',
  artifacts: (given) => `Write \`artifacts: { paths: [${shownOr(given, 'report/**')}] }\`.`,
  paths: (given) => `Write \`[${shownOr(given, 'report/**')}]\`.`,
  retry: (given) => `Write \`retry: { count: ${shownOr(given, '3')} }\`.`,
  parallel: (given) => `Write \`parallel: { count: ${shownOr(given, '4')}, steps: […] }\`.`,
  env: (given) => `Write \`env: [{ name: ${(isMapLike(given) && Object.keys(given)[0]) || 'A'}, value: … }]\`.`,
  use: (given) => `Write \`use: [{ name: ${shownOr(given, '…')} }]\`.`,
  template: (given) => `Write \`template: { name: ${shownOr(given, '…')} }\`.`,
  execute: (given) => `Write \`execute: { workflows: [{ name: ${shownOr(given, '…')} }] }\`.`,
  container: (given) => `Write \`container: { image: ${shownOr(given, '…')} }\`.`,
  metadata: (given) => `Write \`metadata: { name: ${shownOr(given, '…')} }\`.`,
  git: (given) => `Write \`git: { uri: ${shownOr(given, '…')} }\`.`,
  content: () => 'Write `content: { git: { uri: … } }`, or `files`, or `tarball`.',
  concurrency: (given) => `Write \`concurrency: { group: ${shownOr(given, '…')} }\`.`,
  matrix: () => 'Write lists with names: `matrix: { browser: [chromium, firefox] }`.',
  shards: () => 'Write lists with names: `shards: { files: \'glob("tests/**")\' }`.',
  steps: () => 'Each step begins with a `-`.',
  setup: () => 'Each step begins with a `-`.',
  after: () => 'Each step begins with a `-`.',
})
/** Of items of a map, by the name of the map. */
const ITEMS: ReadonlyMap<unknown, (given: unknown) => string> = hints({
  config: (given) => `Write \`{ default: ${shownOr(given, '…')} }\`.`,
  services: (given) => `Write \`{ image: ${shownOr(given, '…')} }\`.`,
  transfer: (given) => `Write \`{ from: ${shownOr(given, '…')} }\`.`,
  fetch: (given) => `Write \`{ from: ${shownOr(given, '…')} }\`.`,
  steps: (given) => `Write \`- shell: ${shownOr(given, '…')}\`.`,
})
const DURATIONS: readonly unknown[] = ['timeout', 'delay', 'queue', 'initialization']

/** The next step where a field is of another kind than it must be. @param wanted as a schema calls it */
export function kindHint(path: Path, wanted: string, given: unknown): string | undefined {
  const field = path.at(-1)
  const isScalar = typeof given === 'number' || typeof given === 'boolean'
  if (DURATIONS.includes(field) && typeof given === 'number') return `Write a number with its unit: \`${given}s\`, \`${given}m\`.`
  if (wanted === 'string' && isScalar) return `Write it in quotes: "${String(given)}".`
  return (ITEMS.get(path.at(-2)) ?? WRITTEN.get(field))?.(given)
}

/** What somebody wrote, if it is short enough to be shown again. */
const shownOr = (given: unknown, otherwise: string) => {
  const text = typeof given === 'string' || typeof given === 'number' ? String(given) : ''
  return text === '' || text.length > 40 || /[\n{}[\]#,]|: /.test(text) ? otherwise : text
}
