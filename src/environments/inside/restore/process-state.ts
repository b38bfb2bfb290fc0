import process from 'node:process'
import type { Taint } from '../../../contracts/host-wire.ts'
import type { Roots } from './roots.ts'

type Emitter = NodeJS.EventEmitter

/** Properties of `process` that change by themselves or are put back by a rule of their own. */
const OWN_RULE = new Set<PropertyKey>([
  'env',
  '_events',
  '_eventsCount',
  '_maxListeners',
  'exitCode',
  '_exiting',
  'title',
  'argv',
  'execArgv',
  'channel',
  'connected',
  'domain',
  'stdin',
  'moduleLoadList',
])

/** What a process has besides JavaScript objects: environment, folder, umask, listeners, exit code. */
export class ProcessState {
  readonly #umask = process.umask()
  readonly #argv = [...process.argv]
  readonly #execArgv = [...process.execArgv]
  readonly #uid = process.getuid?.()
  readonly #emitters: { name: string; emitter: Emitter; listeners: Map<string | symbol, unknown[]>; max: number }[]
  readonly #env = process.env
  /** What tests pretend about the terminal. */
  readonly #terminal = [process.stdout, process.stderr].flatMap((stream) =>
    ['columns', 'rows', 'isTTY', 'getColorDepth', 'hasColors'].map((key) => ({
      stream,
      key,
      descriptor: Object.getOwnPropertyDescriptor(stream, key),
    })),
  )

  constructor(roots: Roots) {
    roots.add('process', process, OWN_RULE)
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(process))) {
      if (typeof value === 'function') roots.addFunction(`process.${key}`, value as object)
    }
    roots.add('process (prototype)', Object.getPrototypeOf(process) as object)
    this.#emitters = [
      ['process', process as Emitter],
      ['process.stdout', process.stdout as Emitter],
      ['process.stderr', process.stderr as Emitter],
      ['process.stdin', process.stdin as Emitter],
    ].map(([name, emitter]) => ({
      name: name as string,
      emitter: emitter as Emitter,
      listeners: listenersOf(emitter as Emitter),
      max: (emitter as Emitter).getMaxListeners(),
    }))
  }

  /** Gives the process exactly this environment and folder, as a spawn would have. */
  begin(env: Record<string, string>, cwd: string, title: string): void {
    const current = this.#env
    for (const key of Object.keys(current)) if (!(key in env)) delete current[key]
    for (const key of Object.keys(env)) if (current[key] !== env[key]) current[key] = env[key]
    if (process.cwd() !== cwd) process.chdir(cwd)
    process.title = title
  }

  restore(): Taint[] {
    const taints: Taint[] = []
    for (const one of this.#emitters) putListenersBack(one.emitter, one.listeners, one.max)
    for (const { stream, key, descriptor } of this.#terminal) {
      if (descriptor) Object.defineProperty(stream, key, descriptor)
      else Reflect.deleteProperty(stream, key)
    }
    if (process.hasUncaughtExceptionCaptureCallback()) process.setUncaughtExceptionCaptureCallback(null)
    if (process.env !== this.#env) process.env = this.#env
    if (process.umask() !== this.#umask) process.umask(this.#umask)
    process.exitCode = undefined
    putArrayBack(process.argv, this.#argv)
    putArrayBack(process.execArgv, this.#execArgv)
    if (process.getuid?.() !== this.#uid) taints.push({ code: 'unrestorable-process', detail: 'the user id was changed' })
    return taints
  }
}

function listenersOf(emitter: Emitter): Map<string | symbol, unknown[]> {
  return new Map(emitter.eventNames().map((event) => [event, emitter.rawListeners(event)]))
}

function putListenersBack(emitter: Emitter, expected: Map<string | symbol, unknown[]>, max: number): void {
  // these two would hear of all that follows
  for (const event of ['newListener', 'removeListener']) if (!expected.has(event)) emitter.removeAllListeners(event)
  for (const event of new Set([...emitter.eventNames(), ...expected.keys()])) {
    const known = expected.get(event) ?? []
    const now = emitter.rawListeners(event)
    if (now.length === known.length && now.every((listener, at) => listener === known[at])) continue
    emitter.removeAllListeners(event)
    for (const listener of known) emitter.on(event, listener as never)
  }
  if (emitter.getMaxListeners() !== max) emitter.setMaxListeners(max)
}

function putArrayBack(array: string[], expected: string[]): void {
  if (array.length === expected.length && array.every((item, at) => item === expected[at])) return
  array.splice(0, array.length, ...expected)
}
