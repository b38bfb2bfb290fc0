/** Where a name is known. */
export type Where = 'everywhere' | 'running' | 'worker' | 'execute' | 'until' | 'items'

/** A name of the language. The check of files, the table in docs/workflow-expressions.md and a test that runs it read this. */
export interface KnownName {
  /** `<…>` stands for a name of the workflow's own. What is behind it are properties. */
  name: string
  where: Where
  meaning: string
}

export const WHERE: Readonly<Record<Where, string>> = {
  everywhere: 'everywhere',
  running: 'in what runs: steps and their fields',
  worker: 'in workers of `parallel`, instances of services, executions of `execute`',
  execute: 'in `workflows` of `execute`',
  until: 'in `retry.until`',
  items: 'in the text of `map()` and `filter()`',
}

const all = (where: Where, names: Readonly<Record<string, string>>): KnownName[] =>
  Object.entries(names).map(([name, meaning]) => ({ name, where, meaning }))

export const KNOWN_NAMES: readonly KnownName[] = [
  ...all('everywhere', {
    'config.<name>': 'a parameter; a template knows only its own, a worker also those outside of it',
    'workflow.name': 'name of the workflow',
    'workflow.labels': 'its labels, as they are written',
    labels: 'its labels with `_` for `.`, `-` and `/`: `labels.app_kind`; null where there is none',
    'execution.id':
      'the execution; in workflows of `execute` that of who began them. `groupId` and `name` are the same, but for `executionName` of `execute`',
    'execution.groupId': 'the execution that began all others',
    'execution.name': 'its name',
    'execution.number': '1',
    'execution.scheduledAt': 'when it began, ISO 8601',
    'execution.disableWebhooks': 'true',
    'execution.tags': 'its tags',
    'resource.id': 'the execution or worker',
    'resource.root': 'the execution',
    'resource.fsPrefix': 'folder of its artifacts: of a worker `r4/1`, else empty',
    'pvcs.<name>.name': 'name of a claim; a worker knows those of its own `pvcs`',
  }),
  ...all('running', {
    env: 'all variables of the container of the step',
    'env.<NAME>': 'one of them; unset is empty',
    workingDir: 'folder in which commands run',
    status: 'what has become of the steps before: `passed` or `failed`; in `logs` of the worker or instance',
    passed: '`status == "passed"`',
    success: 'the same',
    failed: 'neither passed nor skipped',
    error: 'the same',
    always: 'true',
    never: 'false',
    '<id>': 'whether the step of this id has passed or was skipped',
    'step.<id>.status': 'its status; a worker knows those of steps outside as they were when the workers began',
    'step.<id>.exitCode': 'of its last command; null before',
    'step.<id>.outputs': 'what it has written to `$WORKFLOW_OUTPUTS`, by file: `step.build.outputs.version`',
    'step.<id>.results': 'its folder `$WORKFLOW_RESULTS`',
    'step.results': 'that of the step itself, which has an `id` or a `name`',
    output: 'the newest output of each name, whoever wrote it: `output.version`; always a text',
    'services.<name>':
      'instances of a service that runs: `services.db.0.ip`, `.port`, `.ports.5432`, `.description`; `services.db.*.ip`',
  }),
  ...all('worker', {
    index: 'which one, from 0',
    count: 'how many there are',
    matrixIndex: 'which combination of the matrix, from 0',
    matrixCount: 'how many combinations there are',
    'matrix.<name>': 'a value of its combination',
    shardIndex: 'which slice, from 0',
    shardCount: 'how many slices there are',
    'shard.<name>': 'its slice of a list',
  }),
  ...all('execute', { 'tarball.<name>.url': 'an archive of `tarball`' }),
  ...all('until', {
    'self.status': 'what has become of the step itself',
    'self.passed': '`self.status == "passed"`',
    'self.success': 'the same',
    'self.failed': 'neither passed nor skipped',
    'self.error': 'the same',
  }),
  ...all('items', {
    '_.value': 'the item',
    '_.index': 'its place, from 0',
    '_.key': 'its name in a map; in a list its place',
  }),
]

const isOwn = (part: string) => part.startsWith('<')
const parted = KNOWN_NAMES.map((known) => ({ known, parts: known.name.split('.') }))

/** What a dotted name is, or the beginning of it; the names in it that are the workflow's own. A lone `<id>` is not looked for. */
export function knownName(names: readonly string[]): { known: KnownName; own: readonly string[] } | undefined {
  const fits = ({ parts }: { parts: readonly string[] }) =>
    !isOwn(parts[0]!) && parts.length <= names.length && parts.every((part, i) => isOwn(part) || part === names[i])
  const found = parted.find(fits)
  return found && { known: found.known, own: names.filter((_, i) => i < found.parts.length && isOwn(found.parts[i]!)) }
}

/** All that begin with this. */
export const namesOf = (first: string) => parted.filter(({ parts }) => parts[0] === first).map(({ known }) => known.name)

/** All that stand by themselves or before a dot. */
export const FIRST_NAMES: readonly string[] = [...new Set(parted.map(({ parts }) => parts[0]!))].filter((name) => !isOwn(name))

/** For docs/workflow-expressions.md. */
export function nameTables(): string {
  return Object.entries(WHERE)
    .map(([where, text]) => {
      const rows = KNOWN_NAMES.filter((each) => each.where === where).map(
        ({ name, meaning }) => `| \`${name}\` | ${meaning.replaceAll('|', '\\|')} |`,
      )
      return `${text[0]!.toUpperCase()}${text.slice(1)}:\n\n| name | what it is |\n|---|---|\n${rows.join('\n')}`
    })
    .join('\n\n')
}
