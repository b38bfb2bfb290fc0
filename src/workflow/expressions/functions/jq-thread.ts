import { createRequire } from 'node:module'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'

export interface JqRequest {
  json: string
  query: string
  port: MessagePort
  /** Its first number becomes 1 when the answer is there. */
  signal: Int32Array<SharedArrayBuffer>
}

/** `problem` is the query's; `broken` is the program's. */
export type JqAnswer = { output: string } | { problem: string } | { broken: true }

/** Up to version 1 it throws, later it answers with an exit code. */
interface JqPackage {
  raw(json: string, query: string, flags: string[]): Promise<string | { stdout: string; stderr: string; exitCode: number }>
}

const { path } = workerData as { path: string }
const jq = createRequire(import.meta.url)(path) as JqPackage

async function answerTo({ json, query }: JqRequest): Promise<JqAnswer> {
  try {
    // In brackets it cannot be taken for an option.
    const result = await jq.raw(json, query.startsWith('-') ? `(${query}\n)` : query, ['-c'])
    if (typeof result === 'string') return { output: result }
    return result.exitCode === 0 ? { output: result.stdout } : { problem: problemOf(result.stderr) }
  } catch (error) {
    if (error instanceof Error && error.name === 'RuntimeError') return { broken: true }
    return { problem: problemOf(String((error as Error)?.message ?? error)) }
  }
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/is not defined/, 'it names a function or variable that there is not'],
  [/module not found/, 'it imports a module, and there are none'],
  [/syntax error/, 'its syntax is wrong'],
]

/** Kind and line alone: jq quotes what it was given, and both the query and its data may hold a secret. */
function problemOf(text: string): string {
  if (!/compile error|syntax error|module not found/.test(text)) return 'it fails on this value.'
  const kind = KINDS.find(([pattern]) => pattern.test(text))?.[1] ?? 'it cannot be read'
  const line = /, line (\d+):/.exec(text)?.[1]
  return `${kind}${line === undefined ? '' : `, in its line ${line}`}.`
}

parentPort!.on('message', (request: JqRequest) => {
  void answerTo(request).then((answer) => {
    request.port.postMessage(answer, [])
    request.port.close()
    Atomics.store(request.signal, 0, 1)
    Atomics.notify(request.signal, 0)
  })
})
