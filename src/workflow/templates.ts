import { WorkflowSpec, type WorkflowTemplate } from '../contracts/workflow/document.ts'
import type { Uses } from '../contracts/workflow/fields.ts'
import type { Service } from '../contracts/workflow/service.ts'
import type { Parallel, Step } from '../contracts/workflow/step.ts'
import { namesHint } from '../system/known-names.ts'
import { configValues } from './config.ts'
import { FieldError } from './expressions/expression-error.ts'
import { namesIn, simplify } from './field-expressions.ts'
import { type Path, pathText } from './fault.ts'
import { mergeUnder, without } from './merge.ts'
import { AT, inSpec, originOf, type Written } from './origins.ts'
import { valueAt } from './schema-faults.ts'
import { textFields } from './schema-walk.ts'

export type TemplateSource = (name: string) => WorkflowTemplate['spec'] | undefined

/** Something wrong with the use of a template, at the field that uses it. */
export interface TemplateFault {
  path: Path
  message: string
  hint?: string
  /** In the template itself. */
  cause?: FieldError
}

export interface Templated {
  spec: WorkflowSpec
  faults: TemplateFault[]
}

/** What a template inside a step brings for the whole workflow: there is only one of each. */
type Lifted = Pick<WorkflowSpec, 'job' | 'pod' | 'pvcs'>

/** Merges all templates into a workflow; the result uses none. Pure. */
export function applyTemplates(spec: WorkflowSpec, find: TemplateSource, names: readonly string[]): Templated {
  const merging = new Merging(find, names)
  const merged = merging.spec(spec, [], [])
  return { spec: merged, faults: merging.faults }
}

/** Templates in templates multiply: two in each of thirty levels are a thousand million. */
const MOST_USES = 2_000

class Merging {
  #used = 0
  readonly faults: TemplateFault[] = []
  readonly #find: TemplateSource
  readonly #names: readonly string[]

  constructor(find: TemplateSource, names: readonly string[]) {
    this.#find = find
    this.#names = names
  }

  /** @param chain the templates that we are inside of */
  spec(spec: WorkflowSpec, path: Path, chain: readonly string[]): WorkflowSpec {
    const lifted: Lifted = {}
    const own: WorkflowSpec = { ...without(spec, 'use'), ...this.#stepLists(spec, path, chain, lifted) }
    if (spec.services) own.services = this.#services(spec.services, [...path, 'services'], chain)
    // The last first: each goes around what is there.
    const used = (spec.use ?? []).map((use, i) => this.#template(use, [...path, 'use', i], chain)).toReversed()
    const merged = used.reduce<WorkflowSpec>((inner, template) => (template ? around(template, inner) : inner), own)
    return { ...merged, ...mergeUnder(lifted, { job: merged.job, pod: merged.pod, pvcs: merged.pvcs }) }
  }

  #stepLists(spec: Pick<WorkflowSpec, 'setup' | 'steps' | 'after'>, path: Path, chain: readonly string[], lifted: Lifted) {
    const lists = (['setup', 'steps', 'after'] as const).filter((name) => spec[name])
    return Object.fromEntries(lists.map((name) => [name, this.#steps(spec[name]!, [...path, name], chain, lifted)]))
  }

  #steps(steps: readonly Step[], path: Path, chain: readonly string[], lifted: Lifted): Step[] {
    return steps.map((step, i) => this.#step(step, [...path, i], chain, lifted))
  }

  #step(step: Step, path: Path, chain: readonly string[], lifted: Lifted): Step {
    const own: Step = { ...without(step, 'use', 'template'), ...this.#stepLists(step, path, chain, lifted) }
    if (step.services) own.services = this.#services(step.services, [...path, 'services'], chain)
    if (step.parallel) own.parallel = this.#parallel(step.parallel, [...path, 'parallel'], chain)
    const isolated = step.template && this.#isolated(step.template, [...path, 'template'], chain, lifted)
    if (isolated) own.setup = [...(own.setup ?? []), isolated]
    const used = (step.use ?? []).map((use, i) => this.#template(use, [...path, 'use', i], chain)).toReversed()
    const found = used.filter((template) => template !== undefined)
    if (found.length === 0) return own
    // As one: each around the next would put the steps of the last one first.
    const whole = found.reduce((inner, template) => around(template, inner))
    return aroundStep(lift(whole, lifted), own)
  }

  /** A worker is a workflow of its own. What stands directly under `parallel` becomes its first step. */
  #parallel(parallel: Parallel & Written, path: Path, chain: readonly string[]): Parallel {
    const { delay, shell, run, execute, artifacts, template, paused, negative, optional, retry, timeout, ...rest } = parallel
    const control = without({ paused, negative, optional, retry, timeout })
    const first: Step = { ...control, ...without({ delay, shell, run, execute, artifacts, template }) }
    const { use, config, content, container, job, pod, services, pvcs, setup, after, system, execution, timeouts, events } = rest
    const lifted: Lifted = {}
    const firsts =
      Object.keys(first).length > 0 ? [this.#step({ ...first, ...without({ [AT]: parallel[AT] }) }, path, chain, lifted)] : []
    const worker = {
      use,
      config,
      content,
      container,
      job,
      pod,
      services,
      pvcs,
      setup,
      steps: rest.steps,
      after,
      system,
      execution,
      timeouts,
      events,
    }
    const merged = this.spec(without(worker), path, chain)
    const steps = [...firsts, ...(merged.steps ?? [])]
    const strategy = without(rest, ...(Object.keys(worker) as (keyof typeof rest)[]))
    return { ...strategy, ...mergeUnder(lifted, merged), ...(steps.length > 0 ? { steps } : {}) } as Parallel
  }

  #services(services: Readonly<Record<string, Service>>, path: Path, chain: readonly string[]): Record<string, Service> {
    return Object.fromEntries(Object.entries(services).map(([name, each]) => [name, this.#service(each, [...path, name], chain)]))
  }

  #service(service: Service, path: Path, chain: readonly string[]): Service {
    return (service.use ?? []).reduceRight<Service>(
      (inner, use, i) => {
        const at = [...path, 'use', i]
        const template = this.#template(use, at, chain)
        if (!template) return inner
        const tooMuch = (['setup', 'steps', 'after', 'services'] as const).find(
          (name) => Object.keys(template[name] ?? {}).length > 0,
        )
        if (tooMuch)
          this.#fault(at, `A template of a service may not have "${tooMuch}".`, 'It may have container, pod, content and pvcs.')
        const { container, pod, content, pvcs } = template
        return mergeUnder({ ...container, ...without({ pod, content, pvcs }) }, inner)
      },
      without(service, 'use') as Service,
    )
  }

  #isolated(use: Uses, path: Path, chain: readonly string[], lifted: Lifted): Step | undefined {
    const template: (WorkflowSpec & Written) | undefined = this.#template(use, path, chain)
    if (!template) return undefined
    const { content, container, services, setup, steps = [], after = [] } = lift(template, lifted)
    return { ...without({ content, container, services, setup, [AT]: template[AT] }), steps: [...steps, ...after] }
  }

  /** A template with its own parameters filled in, and the templates that it uses merged. */
  #template(use: Uses, path: Path, chain: readonly string[]): WorkflowSpec | undefined {
    const found = this.#find(use.name)
    if (!found) {
      const hint = this.#names.length > 0 ? namesHint(use.name, this.#names) : 'Name its file in the command, too.'
      return this.#fault([...path, 'name'], `There is no template "${use.name}".`, hint)
    }
    if ((this.#used += 1) > MOST_USES) return this.#tooMany(path)
    if (chain.includes(use.name))
      return this.#fault(path, `The template "${use.name}" uses itself: ${[...chain, use.name].join(' → ')}.`)
    const { values, faults } = configValues(found.config ?? {}, use.config ?? {})
    for (const { name, message, hint } of faults) this.#fault([...path, 'config', name], message, hint)
    if (faults.length > 0) return undefined
    const known = Object.fromEntries(Object.entries(values).map(([name, value]) => [`config.${name}`, value]))
    for (const name of foreignNames(found))
      this.#fault(path, `The template "${use.name}" reads "${name}", which is not a parameter of its own.`)
    const filled = this.#filled(use.name, path, () =>
      inSpec(found, () => simplify<WorkflowSpec>(WorkflowSpec, without(found, 'config'), known)),
    )
    return filled && this.spec(filled, path, [...chain, use.name])
  }

  #filled(name: string, path: Path, act: () => WorkflowSpec): WorkflowSpec | undefined {
    try {
      return act()
    } catch (error) {
      if (!(error instanceof FieldError)) throw error
      const step = error.origin === undefined ? [] : originOf(error.origin).path
      const field = [pathText(step), error.path].filter(Boolean).join('.')
      const message = `In the template "${name}", ${field}: ${error.what}`
      this.faults.push({ path, message, ...without({ hint: error.hint }), cause: error })
      return undefined
    }
  }

  /** Told once: those further inside are the same. */
  #tooMany(path: Path): undefined {
    if (this.#used === MOST_USES + 1)
      this.#fault(
        path,
        `Templates use each other more than ${MOST_USES} times.`,
        'Look for templates that use another one twice each.',
      )
  }

  #fault(path: Path, message: string, hint?: string): undefined {
    this.faults.push({ path, message, ...(hint ? { hint } : {}) })
  }
}

/** A template sees only its own parameters, and those of workers in it. */
function foreignNames(spec: WorkflowSpec): string[] {
  const names = [...textFields(WorkflowSpec, spec)].flatMap(({ path, text, role }) => {
    const own = parametersAround(spec, path)
    return namesIn(text, role).filter((name) => name.startsWith('config.') && !own.includes(name.split('.')[1]!))
  })
  return [...new Set(names)]
}

function parametersAround(spec: WorkflowSpec, path: Path): string[] {
  const workers = path.flatMap((key, i) =>
    key === 'parallel' ? [valueAt(spec, path.slice(0, i + 1)) as Parallel | undefined] : [],
  )
  return [spec, ...workers].flatMap((each) => Object.keys(each?.config ?? {}))
}

/** The template's `setup` and `steps` come before, its `after` comes behind. */
function around(template: WorkflowSpec, inner: WorkflowSpec): WorkflowSpec {
  const merged = mergeUnder(without(template, 'after', 'config', 'use'), without(inner, 'after')) as WorkflowSpec
  const after = [...(inner.after ?? []), ...(template.after ?? [])]
  return after.length > 0 ? { ...merged, after } : merged
}

/** Operations of a step come after its `setup`: so a template's steps go there. */
function aroundStep(template: WorkflowSpec, inner: Step): Step {
  const { content, container, services } = template
  const setup = [...(template.setup ?? []), ...(inner.setup ?? []), ...(template.steps ?? [])]
  const steps = [...(inner.steps ?? []), ...(template.after ?? [])]
  const merged = mergeUnder(without({ content, container, services }), without(inner, 'setup', 'steps')) as Step
  return { ...merged, ...(setup.length > 0 ? { setup } : {}), ...(steps.length > 0 ? { steps } : {}) }
}

function lift(template: WorkflowSpec, lifted: Lifted): WorkflowSpec {
  const { job, pod, pvcs } = template
  Object.assign(lifted, mergeUnder(without({ job, pod, pvcs }), lifted))
  return template
}
