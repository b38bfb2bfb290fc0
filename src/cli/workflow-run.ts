import { errorFromData } from '../contracts/errors.ts'
import type { Executor } from '../executors/executor.ts'
import { say } from '../system/log.ts'
import { dataFolder } from '../system/settings.ts'
import { onStopSignals } from '../system/stop-signals.ts'
import { bringsOwnSource, fieldFindings, type FieldFinding, findingText, refuseFindings } from '../workflow/check-executor.ts'
import { refuseWithoutImage } from '../workflow/check-images.ts'
import { checkSecrets } from '../workflow/engine/check-secrets.ts'
import type { WorkflowResult } from '../workflow/engine/engine-types.ts'
import { startExecution } from '../workflow/executions/run-execution.ts'
import { tidyBehind } from '../workflow/executions/retention.ts'
import { openSecrets } from '../workflow/executions/secrets.ts'
import type { KnownDocuments } from '../workflow/known-documents.ts'
import { type Prepared, prepare } from '../workflow/prepare.ts'
import { sensitiveMasks } from '../workflow/sensitive.ts'
import { badInput, type Command, type Given } from './command.ts'
import { executorName, type NamedExecutor, openExecutor } from '../executors/open-executor.ts'
import { openWorkflowRenderer } from './workflow-renderer.ts'
import { knownTimings } from './workflow-timings.ts'
import { givenConfig, loadWorkflows, preparedData, preparedText } from './workflow-render.ts'
import { givenStore, hideSecretVariables, listed, sourceFolder, text, withVariables } from './workflow-given.ts'

const SEE = 'everwarm workflow run --help'

export const workflowRun: Command = {
  options: {
    workflow: { type: 'string' },
    config: { type: 'string', multiple: true },
    executor: { type: 'string' },
    source: { type: 'string' },
    secrets: { type: 'string' },
    'shared-secrets': { type: 'boolean' },
    output: { type: 'string' },
    env: { type: 'string', multiple: true },
    image: { type: 'string' },
    namespace: { type: 'string' },
    context: { type: 'string' },
    kubeconfig: { type: 'string' },
    strict: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    json: { type: 'boolean' },
  },
  help: [
    '<file> …               a workflow, and the files of its templates and of workflows that it executes',
    '--workflow <name>      which one, if there are several',
    '--config <name=value>  a parameter; may be repeated',
    '--executor <name>      local (default), docker, podman, kubernetes',
    '--source <folder>      put at /data/repo; this folder by default, `none`: nothing. Without it if the workflow clones there',
    '--env <NAME>           a variable of this shell that steps see; may be repeated',
    '--secrets <file>       YAML with `secrets`, `configMaps`, `credentials`; --shared-secrets: also one that others can read',
    '--output <folder>      for events, logs, artifacts and the result, instead of one in everwarm’s own data',
    '--image <image>        for steps that say none',
    '--namespace, --context, --kubeconfig   of Kubernetes',
    '--strict               fields that mean nothing to the executor are errors',
    '--dry-run              says what would run where, and what would not; runs nothing',
    '--json                 events as lines of JSON on standard output, and nothing else there',
    '',
    'Ctrl-C ends it gracefully, a second one at once.',
    'Exit codes: 0 passed, 1 failed, 2 asked wrongly, 74 a disk is full, 137 canceled or aborted, 155 a workflow that is wrong, 190 a fault of everwarm.',
  ],
  async run(given) {
    try {
      return await runGiven(given)
    } catch (error) {
      // The workflow itself, not the command line.
      const { code, message, hint } = errorFromData(error)
      if (!/^(?:WORKFLOW_INVALID|EXPRESSION_|FIELD_UNSUPPORTED|SECRET_UNKNOWN|STORE_FULL)/.test(code)) throw error
      say(`${code}: ${message}`)
      if (hint) say(hint)
      return code === 'STORE_FULL' ? 74 : 155
    }
  },
}

/** What is to run, ready. */
interface Ready {
  prepared: Prepared
  known: KnownDocuments
  executor: Executor
  executorName: NamedExecutor
  notes: FieldFinding[]
  source: string | undefined
}

async function runGiven(given: Given): Promise<number> {
  if (given.positionals.length === 0) throw badInput('Which file? `everwarm workflow run <file>`.', SEE)
  const ready = await readyToRun(given)
  if (given.values['dry-run']) {
    await ready.executor.close()
    return dryRun(given, ready)
  }
  // Nothing but timers may be waited for, and none of them keeps a process alive.
  const awake = setInterval(() => {}, 2 ** 30)
  try {
    return (await runToEnd(given, ready)).exitCode
  } finally {
    clearInterval(awake)
    await ready.executor.close()
  }
}

async function readyToRun({ positionals, values, env }: Given): Promise<Ready> {
  const name = executorName(values['executor'])
  const { known: written, chosen: meant } = loadWorkflows(positionals, values['workflow'])
  const known = withVariables(written, listed(values['env']), env)
  const chosen = known.workflows.find(({ document }) => document.metadata.name === meant.document.metadata.name)!
  const prepared = prepare(chosen, known, givenConfig(values['config']))
  const executor = await openExecutor({
    name,
    env,
    image: text(values['image']),
    namespace: text(values['namespace']),
    context: text(values['context']),
    kubeconfig: text(values['kubeconfig']),
  })
  const findings = fieldFindings(prepared, executor.ignores)
  const notes = refuseFindings(findings, { executor: name, isStrict: values['strict'] === true })
  if (executor.needsImages) refuseWithoutImage(prepared.plan, known.documents)
  const source = sourceFolder(text(values['source']), bringsOwnSource(prepared.plan))
  return { prepared, known, executor, executorName: name, notes, source }
}

function dryRun({ values, print }: Given, { prepared, executorName: executor, notes, source }: Ready): number {
  if (values['json']) {
    print(JSON.stringify({ ...preparedData(prepared), executor, source: source ?? null, notes }, null, 2))
    return 0
  }
  const from = source === undefined ? 'without files of here' : `with the files of ${source}`
  const lines = [preparedText(prepared), '', `Would run with the executor ${executor}, ${from}.`]
  print([...lines, ...notes.map((note) => `warning: ${findingText(note)}`)].join('\n'))
  return 0
}

async function runToEnd(given: Given, ready: Ready): Promise<WorkflowResult> {
  const { values, env } = given
  const { executor, prepared, known, source, notes } = ready
  executor.check?.()
  const masks = sensitiveMasks(prepared)
  const file = text(values['secrets'])
  const secrets = openSecrets({
    ...(file === undefined ? {} : { file }),
    isShared: values['shared-secrets'] === true,
    env,
    masks,
  })
  hideSecretVariables()
  checkSecrets({ prepared, known, executor, secrets, masks })
  const store = await givenStore(env)
  const executions = dataFolder(env, 'executions')
  const renderer = openWorkflowRenderer({ isJson: values['json'] === true, env })
  const started = await startExecution({
    executions,
    groups: dataFolder(env, 'groups'),
    prepared,
    known,
    executor,
    executorName: ready.executorName,
    secrets,
    masks,
    strict: values['strict'] === true,
    estimateMs: knownTimings(source, env),
    onFault: renderer.note,
    listener: renderer.hear,
    notes: notes.map(findingText),
    ...(source === undefined ? {} : { source }),
    ...(file === undefined ? {} : { keepOut: [file] }),
    ...(store === undefined ? {} : { store }),
    ...(text(values['output']) === undefined ? {} : { output: text(values['output'])! }),
  })
  tidyBehind(executor, executions)
  // The first ends it gracefully, the second at once.
  const stopSignals = onStopSignals(
    (signal, isSecond) => {
      started.cancel(signal)
      if (!isSecond) renderer.note(`${signal}: it ends, and cleans up. Once more ends it at once.`)
    },
    LAST_MS,
    started.giveUp,
  )
  const result = await started.ended
  stopSignals()
  renderer.end({ folder: started.about.folder, artifacts: started.artifacts })
  return result
}

/** After the second signal it has so long to kill what runs; what is left then, the executor's reaper removes. */
const LAST_MS = 5_000
