import { openArtifactStore } from '../artifacts/open-store.ts'
import { errorFromData, EverwarmError } from '../contracts/errors.ts'
import { dataFolder } from '../system/settings.ts'
import type { ArtifactKeeper } from '../workflow/engine/engine-types.ts'
import { openArtifactKeeper } from '../workflow/executions/artifact-keeper.ts'
import { writeResult } from '../workflow/executions/execution-result.ts'
import { makeExecution } from '../workflow/executions/make-execution.ts'
import type { ToolkitGiven } from './command.ts'
import { handOverFolder } from './hand-over.ts'
import { readConfig, type ToolkitConfig } from './toolkit-config.ts'

export interface ArtifactPlace {
  keeper: ArtifactKeeper
  /** Before all names. */
  prefix: string
  /** It is listed with this result, as an execution of its own. */
  end(exitCode: 0 | 1): void
}

/** Where the files of a command are kept. @throws EverwarmError CONFIG_INVALID, and as `openArtifactStore` */
export async function openArtifactPlace({ env }: ToolkitGiven): Promise<ArtifactPlace> {
  const { artifacts } = readConfig(env)
  const store = await configuredStore(artifacts, env)
  const execution = makeExecution(dataFolder(env, 'executions'), { workflow: 'toolkit-artifacts', executor: 'local' })
  return {
    keeper: openArtifactKeeper({ folder: execution.about.folder, ...(store ? { store } : {}) }),
    prefix: prefixed(artifacts.prefix),
    end: (exitCode) =>
      writeResult(execution, { status: exitCode === 0 ? 'passed' : 'failed', exitCode, endedAt: new Date().toISOString() }),
  }
}

/** As names begin. */
export const prefixed = (prefix: string | undefined) => (prefix === undefined ? '' : `${prefix.replace(/\/+$/, '')}/`)

/** Where a step leaves them for its engine; undefined: this is in none, or another place has been named. */
export const folderAround = ({ location }: ToolkitConfig['artifacts'], env: ToolkitGiven['env']) =>
  (location ?? env['EVERWARM_ARTIFACTS']) ? undefined : handOverFolder(env)

/** When all have been tried. */
export function notKept(failed: readonly unknown[], count: number): EverwarmError {
  const { message, hint } = errorFromData(failed[0])
  return new EverwarmError('ARTIFACTS_FAILED', {
    message: `${failed.length} of ${count} could not be kept: ${message}`,
    ...(hint ? { hint } : {}),
  })
}

/** undefined: a folder of the execution. */
export async function configuredStore({ location }: ToolkitConfig['artifacts'], env: ToolkitGiven['env']) {
  const place = location ?? env['EVERWARM_ARTIFACTS']
  return place ? { artifacts: await openArtifactStore(place, env), location: place } : undefined
}
