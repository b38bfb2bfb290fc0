import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { openArtifactStore } from '../artifacts/open-store.ts'
import { EverwarmError } from '../contracts/errors.ts'
import { type Env, readSettings } from '../system/settings.ts'
import { isSecretVariable } from '../workflow/executions/secrets.ts'
import { escaped } from '../workflow/expressions/template.ts'
import type { KnownDocuments, LoadedWorkflow } from '../workflow/known-documents.ts'

export const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
export const listed = (value: unknown) => (Array.isArray(value) ? value.map(String) : [])

/** The folder whose files steps see. @throws EverwarmError BAD_INPUT */
export function sourceFolder(given: string | undefined, isBrought: boolean): string | undefined {
  if (given === 'none' || (given === undefined && isBrought)) return undefined
  const folder = resolve(given ?? '.')
  if (existsSync(folder) && statSync(folder).isDirectory()) return readable(folder)
  throw new EverwarmError('BAD_INPUT', { message: `--source: ${folder} is no folder.`, hint: 'Give a folder, or `none`.' })
}

function readable(folder: string): string {
  try {
    accessSync(folder, constants.R_OK | constants.X_OK)
    return folder
  } catch (cause) {
    throw new EverwarmError('BAD_INPUT', {
      message: `--source: ${folder} may not be read (${(cause as NodeJS.ErrnoException).code}).`,
      hint: 'Give a folder that may be, or `none`.',
      cause,
    })
  }
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
