import { type ErrorData, EverwarmError } from '../../../contracts/errors.ts'
import type { ExecuteWorkflow } from '../../../contracts/workflow/execute.ts'
import { ExecuteWorkflow as ExecuteSchema } from '../../../contracts/workflow/execute.ts'
import { splitPatterns } from '../../../content/glob.ts'
import { namesHint } from '../../../system/known-names.ts'
import { finalize } from '../../expressions/document.ts'
import { inField } from '../../expressions/expression-error.ts'
import { knownScope } from '../../field-expressions.ts'
import { rolesOf } from '../../field-roles.ts'
import type { LoadedWorkflow } from '../../known-documents.ts'
import type { WorkerPlace } from '../../matrix.ts'
import { isSuccess } from '../../status.ts'
import { workerNames } from '../../worker-scope.ts'
import type { Engine } from '../engine.ts'
import { linksOf } from '../left-out-links.ts'
import { innerFailure } from '../inner-cause.ts'
import { offer } from '../offers.ts'
import { type OperationContext, type OperationEnd, PASSED } from '../operation.ts'
import { below } from '../in-field.ts'
import { inLanes } from '../parallel/lanes.ts'
import { expansionOf } from '../places.ts'
import { resolvedBy } from '../resolved.ts'
import { operationScopes } from '../unit-scopes.ts'
import { type Child, runChild } from './run-child.ts'

type Context = OperationContext<'execute'>

const PARALLELISM = 100
/** Workflows that execute workflows that execute workflows. */
const MOST_DEEP = 10

/** Other workflows of the same files, in sites of their own. */
export async function executeWorkflows(context: Context): Promise<OperationEnd> {
  const { unit, node } = context
  const { engine, options } = unit
  const { parallelism, async: isAsync } = node.operation.execute
  if (options.path.split('/').length >= MOST_DEEP) throw tooDeep()
  const { children, ...none } = await allChildren(context)
  const lanes = Math.min(await below('execute.parallelism', () => atOnce(context, parallelism)), children.length)
  engine.tell({ type: 'workers', unit: options.path, ref: node.ref, count: children.length, parallelism: lanes, ...none })
  const failed: { name: string; error: ErrorData | undefined }[] = []
  const run = async (child: Child) => {
    const { status, error } = await runChild(context, child)
    if (!isSuccess(status)) failed.push({ name: child.name ?? child.workflow.document.metadata.name, error })
  }
  const all = inLanes(children, lanes, run, () => context.signal.aborted)
  if (isAsync) {
    const kept: Promise<unknown> = all.finally(() => engine.background.delete(kept))
    engine.background.add(kept)
    return PASSED
  }
  await all
  if (failed.length === 0) return PASSED
  const names = failed.map(({ name }) => name)
  const said =
    names.length === 1
      ? `The workflow "${names[0]}" failed`
      : `${names.length} of ${children.length} workflows failed: ${names.join(', ')}`
  return innerFailure(
    said,
    failed.map(({ error }) => error && saidOnce(said, error)),
  )
}

/** @returns with `skipped`, why there are none */
async function allChildren(context: Context): Promise<{ children: Child[]; skipped?: string }> {
  const children: Child[] = []
  const reasons: string[] = []
  for (const [i, each] of context.node.operation.execute.workflows.entries())
    await below(`execute.workflows[${i}]`, async () => {
      const { workers, skipped } = await expansionOf(context, each)
      if (skipped !== undefined) reasons.push(skipped)
      for (const place of workers) children.push(...(await childrenOf(context, each, place, children.length)))
    })
  return children.length === 0 && reasons[0] !== undefined ? { children, skipped: reasons[0] } : { children }
}

/** One that executes itself fails at every level in the same words. */
const saidOnce = (said: string, error: ErrorData): ErrorData => ({ ...error, message: error.message.replace(`${said}: `, '') })

async function childrenOf(context: Context, each: ExecuteWorkflow, place: WorkerPlace, from: number): Promise<Child[]> {
  const tarballs = await offered(context, each, place)
  const { matrix: _m, shards: _s, count: _c, maxCount: _x, tarball: _t, ...open } = each
  const scopes = [knownScope({ ...workerNames(place), ...tarballs }), ...operationScopes(context)]
  const wanted = await context.unit.looking.at(
    () => finalize(open as ExecuteWorkflow, rolesOf(ExecuteSchema), scopes),
    context.signal,
  )
  const field = wanted.name === undefined ? 'selector' : 'name'
  const workflows = inField(field, () => matching(context.unit.engine, wanted))
  return workflows.map((workflow, i) => ({
    index: from + i,
    workflow,
    config: wanted.config ?? {},
    ...(wanted.executionName === undefined ? {} : { name: wanted.executionName }),
    ...(wanted.description === undefined ? {} : { description: wanted.description }),
  }))
}

/** @throws EverwarmError BAD_INPUT if there is none */
function matching({ known }: Engine, { name, selector }: ExecuteWorkflow): LoadedWorkflow[] {
  const { workflows } = known
  if (name !== undefined) {
    const found = workflows.find(({ document }) => document.metadata.name === name)
    if (found) return [found]
    const names = workflows.map(({ document }) => document.metadata.name)
    throw new EverwarmError('BAD_INPUT', {
      message: `There is no workflow "${name}" in the files that were given.`,
      hint: namesHint(name, names),
    })
  }
  const labels = Object.entries(selector!.matchLabels)
  const found = workflows.filter(({ document }) => labels.every(([key, value]) => document.metadata.labels?.[key] === value))
  if (found.length > 0) return found
  throw new EverwarmError('BAD_INPUT', {
    message: `No workflow in the files that were given has the labels ${labels.map((pair) => pair.join('=')).join(', ')}.`,
    hint: 'Name all files in the command.',
  })
}

async function offered(context: Context, { tarball = {} }: ExecuteWorkflow, place: WorkerPlace): Promise<Record<string, string>> {
  const { unit } = context
  const links = linksOf(context)
  const addresses: Record<string, string> = {}
  for (const [name, { from, files = ['**/*'] }] of Object.entries(
    await resolvedBy(context, ExecuteSchema, { tarball } as never, [knownScope(workerNames(place))]).then(
      (done) => (done as { tarball: NonNullable<ExecuteWorkflow['tarball']> }).tarball,
    ),
  )) {
    const archive = await unit.site.files.pack(from, splitPatterns(files), links.hear)
    addresses[`tarball.${name}.url`] = await offer(unit.engine, archive)
    links.tell(from)
  }
  return addresses
}

async function atOnce(context: Context, given: number | string | undefined): Promise<number> {
  const number =
    typeof given === 'string'
      ? Number(await context.unit.looking.at(() => finalize(given, 'expression', operationScopes(context)), context.signal))
      : (given ?? PARALLELISM)
  return Number.isInteger(number) && number >= 1 ? number : PARALLELISM
}

const tooDeep = () =>
  new EverwarmError('BAD_INPUT', {
    message: `Workflows execute each other more than ${MOST_DEEP} levels deep.`,
    hint: 'Look for one that executes itself.',
  })
