import { Workflow } from '../contracts/workflow/document.ts'
import { checkDocuments } from '../workflow/check.ts'
import { type Fault, faultText, type Path, pathText, refuseFaults, WorkflowInvalid } from '../workflow/fault.ts'
import { namesIn } from '../workflow/field-expressions.ts'
import { textFields } from '../workflow/schema-walk.ts'
import { type KnownDocuments, knownDocuments, type LoadedWorkflow } from '../workflow/known-documents.ts'
import { loadFiles } from '../workflow/load.ts'
import { type Prepared, prepare } from '../workflow/prepare.ts'
import { schemaFaults } from '../workflow/schema-faults.ts'
import { badInput } from './command.ts'

export interface OneStep {
  /** Of the workflow; people see it. */
  name: string
  /** Fields of the step. */
  step: Record<string, unknown>
  /** Where in the step the argument stands: what is wrong is named from there on. */
  at: Path
  /** Files of workflows and templates. */
  files: readonly string[]
}

export interface PreparedStep {
  prepared: Prepared
  known: KnownDocuments
  warnings: string[]
}

/**
 * A workflow around one step. Nothing of this process' environment is in it: `{{ env.X }}` goes with it to the workers.
 * @throws EverwarmError BAD_INPUT, WORKFLOW_INVALID
 */
export function prepareStep({ name, step, at, files }: OneStep): PreparedStep {
  const inside: Path = ['spec', 'steps', 0, ...at]
  const faultAt: LoadedWorkflow['faultAt'] = (path, { severity = 'error', message, hint }) => ({
    file: '',
    line: 0,
    column: 0,
    path: pathText(within(path, inside)),
    severity,
    message,
    ...(hint === undefined ? {} : { hint }),
  })
  const document = { kind: 'Workflow', metadata: { name }, spec: { steps: [step] } }
  const parsed = Workflow.safeParse(document)
  if (!parsed.success) {
    const faults = schemaFaults(Workflow, document, parsed.error)
    // A name that there is not explains what else is missing.
    const fault = faults.find(({ part }) => part === 'key') ?? faults[0]!
    throw wrong(faultAt(fault.path, fault))
  }
  const own: LoadedWorkflow = { file: '', document: parsed.data, faultAt }
  const others = loadFiles(files)
  const faults = checkDocuments([...others, own])
  const error =
    environmentFault(document, inside, faultAt) ?? faults.find(({ file, severity }) => file === '' && severity === 'error')
  if (error) throw wrong(error)
  const unknown = faults.find(({ path }) => NAMED.test(path))
  if (unknown && files.length === 0) throw noFiles(unknown)
  refuseFaults(faults)
  const known = knownDocuments(others)
  try {
    const warnings = faults.filter(({ file }) => file === '').map((fault) => textOf(fault))
    return { prepared: prepare(own, known, {}), known, warnings }
  } catch (thrown) {
    throw thrown instanceof WorkflowInvalid && thrown.faults[0]?.file === '' ? wrong(thrown.faults[0]) : thrown
  }
}

/** Where an argument names other workflows. */
const NAMED = /^(?:execute\.)?workflows\[\d+\]\.(?:name|selector)/

const noFiles = (fault: Fault) =>
  badInput(
    `The argument is wrong: ${textOf(fault)} A command knows no files but those of its configuration.`,
    `Name them: EVERWARM_CONFIG='{"workflows": ["inner.yaml"]}', in a step in \`container.env\` or before the command.`,
  )

const COUNTED = new Set(['matrix', 'shards', 'count', 'maxCount', 'parallelism'])
/** How deep in the argument these fields stand. */
const DEPTHS: Readonly<Record<string, number>> = { parallel: 0, services: 1, execute: 2 }

/** Whoever counts workers has no environment: that of this process would be another than that of the step. */
function environmentFault(document: object, inside: Path, faultAt: LoadedWorkflow['faultAt']): Fault | undefined {
  const depth = inside.length + DEPTHS[String(inside.at(-1))]!
  const isEnv = (name: string) => name === 'env' || name.startsWith('env.')
  const found = [...textFields(Workflow, document)].find(
    ({ path, text, role }) =>
      (COUNTED.has(String(path[depth])) || path[inside.length] === 'parallelism') && namesIn(text, role).some(isEnv),
  )
  return (
    found &&
    faultAt(found.path, {
      message: '`env` is not known here, where nothing runs yet.',
      hint: 'Let the shell write the value; in what runs, `{{ env.X }}` is that of the worker.',
    })
  )
}

/** From the argument on, if it is in it. */
const within = (path: Path, inside: Path) => (inside.every((part, i) => path[i] === part) ? path.slice(inside.length) : path)

const textOf = ({ path, message }: Fault) => `${path === '' ? '' : `${path}: `}${message}`
const wrong = (fault: Fault) =>
  fault.file === '' ? badInput(`The argument is wrong: ${textOf(fault)}`, fault.hint) : badInput(faultText(fault), fault.hint)
