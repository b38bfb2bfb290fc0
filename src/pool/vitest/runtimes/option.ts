import { readFileSync } from 'node:fs'
import type { ResolvedConfig } from 'vitest/node'
import type { EverwarmError } from '../../../contracts/errors.ts'
import { isRuntime, type Runtime, RUNTIMES } from '../../../environments/vms/runtime-names.ts'
import { namesHint } from '../../../system/known-names.ts'
import { invalidOption } from '../../../system/settings.ts'

/** `test.everwarm` of a project. */
export interface ProjectRuntime {
  /**
   * Where the files of this project run: each in a process of its own of this runtime. Absent: in warm hosts of Node.
   * A file may say otherwise: `// @everwarm-runtime bun`.
   */
  runtime?: Runtime
}

declare module 'vitest/node' {
  interface InlineConfig {
    everwarm?: ProjectRuntime
  }
}

/**
 * What the configuration of a project asks for.
 * @throws EverwarmError CONFIG_INVALID
 */
export function runtimeOfProject(config: ResolvedConfig): Runtime | undefined {
  const option: unknown = (config as { everwarm?: unknown }).everwarm
  if (option === undefined) return undefined
  if (typeof option !== 'object' || option === null)
    throw invalidOption('test.everwarm must be an object, like { runtime: "bun" }.')
  const unknown = Object.keys(option).find((name) => name !== 'runtime')
  if (unknown !== undefined) throw invalidOption(`test.everwarm has no option "${unknown}".`, namesHint(unknown, ['runtime']))
  const { runtime } = option as { runtime?: unknown }
  return runtime === undefined ? undefined : checked(runtime, 'test.everwarm.runtime')
}

const DOCBLOCK = /^[\s\S]*?@everwarm-runtime\s+([\w-]+)\b/
/** Comments before the first code of a file, as where Vitest looks for `@vitest-environment`. */
const COMMENTS = /^(?:#![^\n]*\n)?(?:\s*(?:\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/))*/

/**
 * What a file asks for in a comment at its top, or undefined.
 * @throws EverwarmError CONFIG_INVALID
 */
export function runtimeInText(text: string, file: string): Runtime | undefined {
  const comments = COMMENTS.exec(text)?.[0]
  const named = comments === undefined ? undefined : DOCBLOCK.exec(comments)?.[1]
  return named === undefined ? undefined : checked(named, `@everwarm-runtime in ${file}`)
}

export function runtimeInFile(file: string): Runtime | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // Virtual, or gone since: its worker says so in Vitest's own words.
    return undefined
  }
  return text.includes('@everwarm-runtime') ? runtimeInText(text, file) : undefined
}

/** @throws EverwarmError CONFIG_INVALID */
function checked(value: unknown, where: string): Runtime {
  if (isRuntime(value)) return value
  const named = typeof value === 'string' ? namesHint(value, RUNTIMES) : undefined
  throw unknownRuntime(`${where} must be one of ${RUNTIMES.join(', ')}, not ${JSON.stringify(value)}.`, named)
}

const unknownRuntime = (message: string, hint: string | undefined): EverwarmError => invalidOption(message, hint)
