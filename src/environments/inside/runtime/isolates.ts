import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
import type { CodeFormat, RequestId, RuntimeRequest } from '../../../contracts/runtime-wire.ts'
import { groupBytes } from '../../browsers/memory.ts'
import { type ContextPorts, type Contexts, faultLine } from './context.ts'
import { type CodeText, mappedStack } from './stacks.ts'
import { CODE, type IsolateAnswer, type IsolateModule, startWorkerd, type Workerd } from './workerd.ts'

/** Each isolate leaves about 2 MB behind (workerd 1.20261117): after so many another process takes over. */
const ISOLATES_MAX = 200

interface Pending {
  request: RuntimeRequest
  ports: ContextPorts
  env: Record<string, string>
}

/**
 * Isolates of one workerd, a fresh one for every evaluation: without `eval` code comes into an isolate only at its beginning.
 * None can be ended by itself. Where a holder leaves in the middle of an evaluation, another process takes over, and what the
 * others wait for is evaluated there again: an isolate reaches nothing outside, so nobody can tell.
 */
export async function isolateContexts(about: {
  command: string
  folder: string
  env: Record<string, string>
}): Promise<Contexts> {
  const pending = new Set<Pending>()
  let serial = 0
  let isolates = 0
  let isOver = false
  let workerd = await startWorkerd({ ...about, socket: `${about.folder}/${++serial}` })
  /** Set while another one starts. */
  let next: Promise<void> | undefined
  watch(workerd)

  function watch(started: Workerd): void {
    void started.exited.then((why) => {
      // Where another one is on its way, it takes over what is pending.
      if (isOver || started !== workerd || next) return
      // Its own end: what it had at hand may be why, and is not tried again.
      for (const one of pending) settle(one, faultLine(one.request.id, 'ContextEnded', `workerd ended: ${why}.`))
      void replace()
    })
  }

  function replace(): Promise<void> {
    const before = workerd
    next ??= startWorkerd({ ...about, socket: `${about.folder}/${++serial}` }).then(
      (started) => {
        next = undefined
        isolates = 0
        workerd = started
        watch(started)
        if (isOver) started.kill()
        for (const one of pending) void evaluate(one)
        before.kill()
      },
      (error: Error) => {
        process.stderr.write(`workerd did not start again: ${error.message}\n`)
        process.exit(1)
      },
    )
    return next
  }

  function settle(one: Pending, line: string): void {
    if (pending.delete(one)) one.ports.line(line)
    if (pending.size === 0 && isolates >= ISOLATES_MAX && !isOver) void replace()
  }

  async function evaluate(one: Pending): Promise<void> {
    const place = workerd
    isolates += 1
    const { request, env, ports } = one
    try {
      const { module, text } = moduleOf(request)
      const answer = await place.evaluate({ id: `${serial}-${isolates}`, module, env })
      if (place !== workerd || !pending.has(one)) return
      for (const said of answer.output) ports.line(JSON.stringify(said))
      settle(one, lineOf(request.id, answer, text))
    } catch (error) {
      // Its process was ended or ended: whoever did that sees to it.
      if (place !== workerd || next || !pending.has(one)) return
      settle(one, faultLine(request.id, 'Error', (error as Error).message))
    }
  }

  return {
    rssBytes: () => groupBytes(process.pid),
    take(ports) {
      let env = about.env
      const own = new Set<Pending>()
      return {
        ask(request) {
          if ('env' in request) {
            env = { ...env, ...request.env }
            return ports.line(JSON.stringify({ id: request.id, value: null }))
          }
          const one: Pending = { request, ports, env }
          own.add(one)
          pending.add(one)
          if (!next) void evaluate(one)
        },
        kill() {
          const isBusy = [...own].some((one) => pending.delete(one))
          for (const one of own) pending.delete(one)
          if (isBusy && !isOver) {
            workerd.kill()
            void replace()
          }
        },
      }
    },
    end() {
      isOver = true
      workerd.kill()
    },
  }
}

function lineOf(id: RequestId, answer: IsolateAnswer, text: CodeText): string {
  if (answer.error === undefined) return JSON.stringify({ id, value: answer.value ?? null })
  return JSON.stringify({ id, error: { ...answer.error, stack: mappedStack(answer.error.stack, [text]) } })
}

/** @throws what is wrong with the file */
function moduleOf(request: RuntimeRequest): { module: IsolateModule; text: CodeText } {
  if ('import' in request) {
    const path = request.import.startsWith('file:') ? fileURLToPath(request.import) : request.import
    const text = readFileSync(path, 'utf8')
    const kind = KINDS[extname(path)]
    if (!kind) throw new Error(`${path} cannot be imported into workerd: a bundle is one file, .js, .mjs, .cjs or .json.`)
    return { module: { [kind]: text } as IsolateModule, text: { name: path, text, at: CODE, linesBefore: 0 } }
  }
  const { code, format, name = `everwarm:code/${request.id}` } = request as Extract<RuntimeRequest, { code: string }>
  const { source, linesBefore } = asModule(code, format)
  const module: IsolateModule = format === 'commonjs' ? { cjs: source } : { js: source }
  return { module, text: { name, text: code, at: CODE, linesBefore } }
}

const KINDS: Record<string, 'js' | 'cjs' | 'json'> = { '.js': 'js', '.mjs': 'js', '.cjs': 'cjs', '.json': 'json' }

/** There are no scripts in workerd: an expression becomes what a module exports, all else is taken as a module. */
function asModule(code: string, format: CodeFormat | undefined): { source: string; linesBefore: number } {
  const isExpression = format !== 'module' && format !== 'commonjs' && compiles(`(\n${code}\n)`)
  return isExpression ? { source: `export default (\n${code}\n)`, linesBefore: 1 } : { source: code, linesBefore: 0 }
}

function compiles(text: string): boolean {
  try {
    new Script(text)
    return true
  } catch {
    return false
  }
}
