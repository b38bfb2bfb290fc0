import { existsSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { openArtifactStore } from '../artifacts/open-store.ts'
import { EverwarmError } from '../contracts/errors.ts'
import { estimator } from '../sharding/estimate.ts'
import { timingsPlace } from '../sharding/place.ts'
import { readTimings } from '../sharding/read-snapshot.ts'
import { type Env, readSettings } from '../system/settings.ts'
import { isSecretVariable } from '../workflow/executions/secrets.ts'
import { escaped } from '../workflow/expressions/template.ts'
import type { KnownDocuments, LoadedWorkflow } from '../workflow/known-documents.ts'
import { nodesOf, type WorkflowPlan } from '../workflow/plan.ts'

export const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
export const listed = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])

/** The folder whose files steps see. @throws EverwarmError BAD_INPUT */
export function sourceFolder(given: string | undefined, isBrought: boolean): string | undefined {
  if (given === 'none' || (given === undefined && isBrought)) return undefined
  const folder = resolve(given ?? '.')
  if (existsSync(folder) && statSync(folder).isDirectory()) return folder
  throw new EverwarmError('BAD_INPUT', { message: `--source: ${folder} is no folder.`, hint: 'Give a folder, or `none`.' })
}

/**
 * All workflows as if they said these variables themselves, outermost: what they say of the same name wins.
 * @throws EverwarmError BAD_INPUT for one that there is not
 */
export function withVariables(known: KnownDocuments, names: readonly string[], env: Env): KnownDocuments {
  if (names.length === 0) return known
  const given = names.map((name) => {
    const value = env[name]
    if (value !== undefined) return { name, value: escaped(value) }
    throw new EverwarmError('BAD_INPUT', {
      message: `--env: there is no variable ${name} here.`,
      hint: 'Set it, or leave it out.',
    })
  })
  const workflows = known.workflows.map((loaded): LoadedWorkflow => {
    const { document } = loaded
    const { container } = document.spec
    const spec = { ...document.spec, container: { ...container, env: [...given, ...(container?.env ?? [])] } }
    return { ...loaded, document: { ...document, spec } }
  })
  return { ...known, workflows }
}

/** Steps are given their secrets by name; they inherit none. */
export function hideSecretVariables(): void {
  for (const name of Object.keys(process.env)) if (isSecretVariable(name)) delete process.env[name]
}

/** The store of `EVERWARM_ARTIFACTS`; undefined: the folder of the execution. @throws EverwarmError as `openArtifactStore` */
export async function givenStore(env: Env) {
  const { artifacts: location } = readSettings(env)
  return location === undefined ? undefined : { artifacts: await openArtifactStore(location, env), location }
}

/**
 * How long items of `shards` take, by what runs have taught; undefined if nobody asks.
 * Items are paths of test files; others are not known.
 */
export function knownTimings(
  plan: WorkflowPlan,
  source: string | undefined,
  env: Env,
): ((item: unknown) => number | undefined) | undefined {
  const asks = [...nodesOf(plan.root)].some(
    (node) =>
      node.kind === 'operation' &&
      node.operation.type === 'parallel' &&
      (node.operation.parallel.by === 'duration' || node.operation.parallel.dynamic === true),
  )
  if (!asks || source === undefined) return undefined
  const timings = readTimings(timingsPlace(source, env))
  const known = estimator({ timings })
  const byFile = new Map(timings.map((timing) => [timing.file, timing]))
  return (item) => {
    const timing = typeof item === 'string' ? byFile.get(fileOf(item)) : undefined
    return timing && known.estimate(timing).ms
  }
}

/** As timings name it: relative to the source, which `glob()` sees as `/data/repo`, or as a folder of its own. */
function fileOf(item: string): string {
  const at = item.lastIndexOf('/data/repo/')
  return at < 0 ? relative('.', item) : item.slice(at + '/data/repo/'.length)
}
