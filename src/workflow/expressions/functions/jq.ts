import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { EverwarmError } from '../../../contracts/errors.ts'
import { failure, tooLarge } from '../expression-error.ts'
import { MAX_TEXT } from '../limits.ts'
import { jsonOf, textOf, type Value, valueFrom } from '../values.ts'
import type { PlainFunction } from './function.ts'
import type { JqAnswer, JqRequest } from './jq-thread.ts'

const ENTRY = new URL(`./jq-thread${extname(import.meta.url)}`, import.meta.url)
const LIMIT_MS = 10_000

export const jqFunctions: readonly PlainFunction[] = [
  {
    name: 'jq',
    group: 'jq',
    parameters: 'value, query',
    meaning: `a list of all results of a jq query; at most ${LIMIT_MS / 1000} s; needs the package \`jq-wasm\``,
    min: 2,
    max: 2,
    call: ([value = null, query = null], budget) => runJq(jsonOf(value, budget), textOf(query, budget)),
  },
]

/** Kept for the next query: its first one takes some 200 ms, the next ones 5. It never keeps the process alive. */
let thread: Worker | undefined

/**
 * All results of a query. Runs in a thread, for nothing else can stop a query without an end; this thread waits for it.
 * @param limitMs of waiting
 * @throws EverwarmError PACKAGE_MISSING; ExpressionError EXPRESSION_FAILED, EXPRESSION_TOO_LARGE
 */
export function runJq(json: string, query: string, limitMs = LIMIT_MS): readonly Value[] {
  const worker = (thread ??= started())
  const { port1, port2 } = new MessageChannel()
  const signal = new Int32Array(new SharedArrayBuffer(4))
  const request: JqRequest = { json, query, signal, port: port2 }
  worker.postMessage(request, [port2])
  const isOver = Atomics.wait(signal, 0, 0, limitMs) !== 'timed-out'
  const answer = receiveMessageOnPort(port1)?.message as JqAnswer | undefined
  port1.close()
  if (!isOver || !answer || 'broken' in answer) {
    // Its memory may be gone, or it computes for ever.
    void worker.terminate()
    thread = undefined
  }
  if (!isOver) throw failure(`The query of jq() took more than ${limitMs / 1000} s.`)
  if (!answer || 'broken' in answer) throw failure('jq broke off.', 'The query may be too deep, or need too much memory.')
  if ('problem' in answer) throw failure(`jq() cannot run its query: ${answer.problem}`)
  return resultsOf(answer.output)
}

/** One result per line: jq prints them so. */
function resultsOf(output: string): Value[] {
  if (output.length > MAX_TEXT) throw tooLarge(`jq() would give more than ${MAX_TEXT} characters.`)
  const lines = output.split('\n').filter((line) => line !== '')
  return valueFrom(lines.map((line): unknown => JSON.parse(line))) as Value[]
}

function started(): Worker {
  // What jq prints about itself is nobody's output.
  const worker = new Worker(ENTRY, { workerData: { path: installed() }, execArgv: [], env: {}, stdout: true, stderr: true })
  worker.unref()
  worker.on('error', () => {
    // Whoever waits for an answer runs out of time; the next one starts another thread.
    if (thread === worker) thread = undefined
  })
  return worker
}

function installed(): string {
  try {
    return createRequire(import.meta.url).resolve('jq-wasm')
  } catch (cause) {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'An expression calls jq(), and the package jq-wasm is not installed.',
      hint: 'Install it: `npm install jq-wasm`.',
      cause,
    })
  }
}
