import { maskValues } from '../content/mask-values.ts'
import { EverwarmError } from '../contracts/errors.ts'
import { namesHint } from '../system/known-names.ts'
import { visibleData } from '../system/visible-text.ts'
import { checkFiles } from '../workflow/check.ts'
import { refuseFaults } from '../workflow/fault.ts'
import { type KnownDocuments, knownDocuments, type LoadedWorkflow } from '../workflow/known-documents.ts'
import { type Prepared, prepare } from '../workflow/prepare.ts'
import { settingsLines } from '../workflow/render/details-text.ts'
import { render, renderSettings } from '../workflow/render/render.ts'
import { renderText } from '../workflow/render/render-text.ts'
import { sensitiveMasks } from '../workflow/sensitive.ts'
import { badInput, type Command } from './command.ts'

const SEE = 'everwarm workflow run --help'

export const workflowRender: Command = {
  options: {
    config: { type: 'string', multiple: true },
    workflow: { type: 'string' },
    json: { type: 'boolean' },
  },
  help: [
    '<file> …              a workflow, and the files of its templates',
    '--config <name=value> a parameter; may be repeated',
    '--workflow <name>     which one, if there are several',
    '--json                for programs',
    '',
    'Shows what would run: steps, workers, what is known now, and what stays for later. Nothing is run.',
  ],
  async run({ positionals, values, print }) {
    if (positionals.length === 0) throw badInput('Which file? `everwarm workflow render <file>`.', SEE)
    const { known, chosen } = loadWorkflows(positionals, values['workflow'])
    const prepared = prepare(chosen, known, givenConfig(values['config']))
    if (values['json']) print(JSON.stringify(preparedData(prepared), null, 2))
    else print(preparedText(prepared))
  },
}

/** The documents of some files, and the one that is meant. @throws WorkflowInvalid; EverwarmError BAD_INPUT */
export function loadWorkflows(paths: readonly string[], name: unknown): { known: KnownDocuments; chosen: LoadedWorkflow } {
  const { documents, faults } = checkFiles(paths)
  refuseFaults(faults)
  const known = knownDocuments(documents)
  return { known, chosen: choose(known.workflows, name) }
}

/** @throws EverwarmError BAD_INPUT */
export function choose(workflows: readonly LoadedWorkflow[], name: unknown): LoadedWorkflow {
  const names = workflows.map(({ document }) => document.metadata.name)
  if (typeof name === 'string') {
    const found = workflows.find(({ document }) => document.metadata.name === name)
    if (found) return found
    throw new EverwarmError('BAD_INPUT', { message: `There is no workflow "${name}".`, hint: namesHint(name, names) })
  }
  if (workflows.length === 1) return workflows[0]!
  if (workflows.length === 0) throw badInput('There is no document of kind Workflow in it.', SEE)
  throw badInput(`There are several workflows: ${names.join(', ')}. Say which with --workflow.`, SEE)
}

/** @throws EverwarmError BAD_INPUT */
export function givenConfig(given: unknown): Record<string, string> {
  const pairs = (Array.isArray(given) ? given : []).map((pair) => {
    const text = String(pair)
    const at = text.indexOf('=')
    if (at < 1) throw badInput(`--config takes name=value, not "${text}".`, SEE)
    return [text.slice(0, at), text.slice(at + 1)]
  })
  return Object.fromEntries(pairs)
}

const shownConfig = ({ config, sensitive }: Prepared) =>
  Object.fromEntries(Object.entries(config).map(([name, value]) => [name, sensitive.includes(name) ? '****' : value]))

/** For programs: docs/workflow.md tells its fields. */
export const preparedData = (prepared: Prepared) => ({
  name: prepared.plan.name,
  config: shownConfig(prepared),
  ...hidden(prepared, { settings: renderSettings(prepared.plan), root: render(prepared.plan) }),
})

/** Values of sensitive parameters stand in many places by now. */
function hidden<T>(prepared: Prepared, value: T): T {
  return maskValues(value, sensitiveMasks(prepared))
}

/** For people. */
export function preparedText(prepared: Prepared): string {
  // Scripts keep their lines.
  const { name, config, root, settings } = visibleData(preparedData(prepared), ['command'])
  const parameters = Object.entries(config).map(([name, value]) => `${name} = ${String(value)}`)
  const about = [...parameters, ...settingsLines(settings)].map((line) => `  ${line}`)
  return [name, ...about, ...(about.length > 0 ? [''] : []), renderText(root, settings)].join('\n')
}
