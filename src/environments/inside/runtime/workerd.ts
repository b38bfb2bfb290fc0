import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { spawnProcess } from '../../../system/spawn.ts'
import type { RuntimeFault, RuntimeReply } from '../../../contracts/runtime-wire.ts'

/** One process of workerd that evaluates modules, each in an isolate of its own. */
export interface Workerd {
  evaluate(about: IsolateRequest): Promise<IsolateAnswer>
  /** At once: on SIGTERM workerd waits for what it has at hand. */
  kill(): void
  /** Resolves with how it ended. */
  exited: Promise<string>
}

export type IsolateModule = { js: string } | { cjs: string } | { json: string }

export interface IsolateRequest {
  id: string
  module: IsolateModule
  env: Record<string, string>
}

export interface IsolateAnswer {
  value?: unknown
  error?: RuntimeFault
  output: Extract<RuntimeReply, { stream: string }>[]
}

/** The name of the module that is evaluated, as it stands in stacks. */
export const CODE = 'everwarm:code'

const READY_MS = 10_000
const COMPATIBILITY_DATE = '2026-01-01'

/** `workerLoader` is experimental, and the one way to bring code in at run time. Paths of `embed` are relative to this file. */
const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "main", worker = .main) ],
  sockets = [ (name = "http", http = (), service = "main") ],
);
const main :Workerd.Worker = (
  modules = [ (name = "loader.js", esModule = embed "loader.js") ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [ (name = "LOADER", workerLoader = ()) ],
);
`

const LOADER = `const fault = (error) => {
  const { name = 'Error', message = String(error), stack = '' } = Object(error) === error ? error : {}
  return { name: String(name), message: String(message), stack: String(stack) }
}
export default {
  async fetch(request, { LOADER }) {
    const { id, module, env, entry } = await request.json()
    const loaded = 'json' in module ? { json: JSON.parse(module.json) } : module
    const worker = LOADER.get(id, async () => ({
      compatibilityDate: '${COMPATIBILITY_DATE}',
      compatibilityFlags: ['nodejs_compat'],
      mainModule: 'entry.js',
      modules: { 'entry.js': entry, '${CODE}': loaded },
      env,
      globalOutbound: null,
    }))
    try {
      return await worker.getEntrypoint().fetch('http://isolate/')
    } catch (error) {
      return Response.json({ error: fault(error), output: [] })
    }
  },
}
`

/** In each isolate, around the code: what it prints comes back with its answer. */
const ENTRY = `const output = []
// Loaded when it is needed: it doubles the time of an isolate's start.
const format = (...words) =>
  words.every((word) => typeof word === 'string' && !word.includes('%'))
    ? words.join(' ')
    : process.getBuiltinModule('node:util').format(...words)
const print = (stream) => (...words) => void output.push({ stream, text: format(...words) + '\\n' })
for (const name of ['log', 'info', 'debug']) console[name] = print('stdout')
for (const name of ['warn', 'error', 'trace']) console[name] = print('stderr')
const fault = (error) => {
  const { name = 'Error', message = String(error), stack = '' } = Object(error) === error ? error : {}
  return { name: String(name), message: String(message), stack: String(stack) }
}
export default {
  async fetch() {
    try {
      const found = await import('${CODE}')
      const value = 'default' in found ? await found.default : { ...found }
      return new Response(JSON.stringify({ value: JSON.stringify(value) === undefined ? null : value, output }))
    } catch (error) {
      return Response.json({ error: fault(error), output })
    }
  },
}
`

export async function startWorkerd({
  command,
  folder,
  socket,
}: {
  command: string
  folder: string
  socket: string
}): Promise<Workerd> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'config.capnp'), CONFIG)
  writeFileSync(join(folder, 'loader.js'), LOADER)
  // In this process's group: it ends with it.
  const child = spawnProcess(
    command,
    ['serve', '--experimental', '--control-fd=3', `--socket-addr=http=unix:${socket}`, join(folder, 'config.capnp')],
    { cwd: folder, env: {}, stdio: ['ignore', 'inherit', 'inherit', 'pipe'] },
  )
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => {
      rmSync(socket, { force: true })
      resolve(signal ?? `code ${code}`)
    })
  })
  await listening(child.stdio[3] as NodeJS.ReadableStream, exited)
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  return {
    exited,
    kill: () => void child.kill('SIGKILL'),
    evaluate: (about) => post(agent, socket, JSON.stringify({ ...about, entry: ENTRY })),
  }
}

/** workerd says on its control channel when it listens. */
function listening(control: NodeJS.ReadableStream, exited: Promise<string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`workerd was not ready after ${READY_MS} ms`)), READY_MS)
    control.on('data', (chunk) => {
      if (!String(chunk).includes('"listen"')) return
      clearTimeout(late)
      resolve()
    })
    void exited.then((why) => {
      clearTimeout(late)
      reject(new Error(`workerd ended at its start (${why})`))
    })
  })
}

function post(agent: Agent, socketPath: string, body: string): Promise<IsolateAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ agent, socketPath, method: 'POST', path: '/' }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => (text += chunk))
      response.once('end', () => {
        try {
          resolve(JSON.parse(text) as IsolateAnswer)
        } catch {
          reject(new Error(`workerd answered with ${response.statusCode}: ${text.slice(0, 500)}`))
        }
      })
      response.once('error', reject)
    })
    call.once('error', reject)
    call.end(body)
  })
}
