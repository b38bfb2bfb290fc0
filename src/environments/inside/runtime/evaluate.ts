import { Buffer } from 'node:buffer'
import { createRequire } from 'node:module'
import { isAbsolute, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import type { CodeFormat, RequestId, RuntimeFault, RuntimeRequest } from '../../../contracts/runtime-wire.ts'
import { captureOutput } from './output.ts'
import { type CodeText, mappedStack } from './stacks.ts'

export interface EvaluatorOptions {
  cwd: string
  /** One whole reply of the protocol. */
  say(line: string): void
}

// Code in the context may replace any of these.
const { stringify } = JSON
const { env } = process

/** Answers the requests of one lease, each as soon as it can; they share all that is global. */
export function evaluator({ cwd, say }: EvaluatorOptions): (request: RuntimeRequest) => Promise<void> {
  const texts: CodeText[] = []
  const require = createRequire(join(cwd, 'everwarm.js'))
  captureOutput((stream, text) => say(stringify({ stream, text })))
  Object.assign(globalThis, { require })
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (error: unknown) => {
      // As in a process of its own, it would have been the end.
      say(stringify({ id: null, error: faultOf(error, texts) }))
      process.exit(1)
    })

  async function valueOf(request: RuntimeRequest): Promise<unknown> {
    if ('env' in request) return void Object.assign(env, request.env)
    if ('import' in request) return exported(await imported(urlOf(request.import)))
    const name = request.name ?? `everwarm:code/${request.id}`
    return ofCode(request.code, request.format ?? guess(request.code), name)
  }

  async function ofCode(code: string, format: CodeFormat, name: string): Promise<unknown> {
    if (format === 'module') {
      const url = urlOfCode(code)
      texts.push({ name, text: code, at: url, linesBefore: 0 })
      return exported(await import(url))
    }
    texts.push({ name, text: code, at: name, linesBefore: format === 'commonjs' ? 1 : 0 })
    if (format === 'script') return await new Script(code, { filename: name }).runInThisContext(PLAIN)
    const wrapped = `(function (exports, require, module, __filename, __dirname) {\n${code}\n})`
    const module = { exports: {} as unknown }
    const run = new Script(wrapped, { filename: name }).runInThisContext(PLAIN) as (...args: unknown[]) => void
    run.call(module.exports, module.exports, require, module, name, cwd)
    return await module.exports
  }

  return async (request) => {
    let line: string
    try {
      line = replyLine(request.id, await valueOf(request))
    } catch (error) {
      line = stringify({ id: request.id, error: faultOf(error, texts) })
    }
    say(line)
  }
}

/** What JSON has no word for is null, as in an array. */
function replyLine(id: RequestId, value: unknown): string {
  return stringify({ id, value: stringify(value) === undefined ? null : value })
}

/** The default export, or all exports by name. */
async function exported(namespace: Record<string, unknown>): Promise<unknown> {
  return 'default' in namespace ? await namespace['default'] : { ...namespace }
}

const urlOf = (given: string) => (isAbsolute(given) ? pathToFileURL(given).href : given)

/** Without the line of the source in front of the stack, which no source map knows. */
const PLAIN = { displayErrors: false }

function imported(url: string): Promise<Record<string, unknown>> {
  return url.endsWith('.json') ? import(url, { with: { type: 'json' } }) : import(url)
}

/**
 * Deno shortens long `data:` URLs in stacks, and applies source maps to them without a name for what it found; a blob's URL is
 * short, and Node cannot import it.
 */
function urlOfCode(code: string): string {
  if (!('deno' in process.versions)) return `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
  const withoutMap = code.replace(/^\/\/[#@] sourceMappingURL=.*$/gm, '')
  return URL.createObjectURL(new Blob([withoutMap], { type: 'text/javascript' }))
}

/**
 * What is no script may be a module, if it has any of a module's words.
 * @throws SyntaxError
 */
function guess(code: string): CodeFormat {
  try {
    new Script(code)
    return 'script'
  } catch (error) {
    if (/\b(?:import|export|await)\b/.test(code)) return 'module'
    throw error
  }
}

function faultOf(error: unknown, texts: readonly CodeText[]): RuntimeFault {
  // Another realm's errors count as well, and anything at all can be thrown.
  const { name = 'Error', message = String(error), stack = '' } = (Object(error) === error ? error : {}) as Partial<Error>
  return { name: String(name), message: String(message), stack: mappedStack(String(stack), texts) }
}
