import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ErrorInfo } from '../../contracts/error-info.ts'
import { EverwarmError, errorFromData } from '../../contracts/errors.ts'
import type { SessionTest } from '../../contracts/session.ts'
import type { GroupReaper } from '../reaper.ts'
import { type HostProcess, hostProcess } from './host-process.ts'
import { viewEnv } from './view-env.ts'
import type { EngineRequest } from './vitest/engine-request.ts'
import type { HostEvents, HostMessage, HostShard, TestHost } from './host-types.ts'

export interface VitestHostOptions {
  /** The worker's folder, in which `directory` is. */
  base: string
  directory: string
  /** package.json of the project's Vitest. */
  vitestPackage: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
  /** A temporary folder for reports on their way. */
  scratch: string
  /** Where the worker looks at browsers; absent: it does not. */
  viewFolder?: string | undefined
  reaper: GroupReaper
}

/** Beside this file, built or not. */
const ENGINE = fileURLToPath(new URL(`./vitest/engine${extname(import.meta.url)}`, import.meta.url))

interface Turn {
  tests: Map<string, SessionTest>
  events: HostEvents
  end(error?: ErrorInfo): void
}

/**
 * One Vitest for the session, in a process that can be ended by force. Shards that wait while others run go into the next
 * run together, so that no core idles at the end of each.
 */
export function vitestHost(options: VitestHostOptions): TestHost {
  let engine: HostProcess | undefined
  let waiting: Turn[] = []
  let running: Turn[] = []
  let lists: ((tests: SessionTest[] | EverwarmError) => void)[] = []
  let isClosed = false
  let sessionId: string | undefined

  const turnOf = (testId: string) => running.find(({ tests }) => tests.has(testId))
  const receive = (message: HostMessage) => {
    switch (message.kind) {
      case 'started':
      case 'alive':
        return turnOf(message.testId)?.events[message.kind](message.testId)
      case 'result': {
        const turn = turnOf(message.result.testId)
        turn?.tests.delete(message.result.testId)
        return turn?.events.result(message)
      }
      case 'output':
        return running[0]?.events.output(message.stream, message.text)
      case 'listed':
        return lists.shift()?.(message.tests)
      case 'failed':
        return failAll(message.error)
      case 'ended':
        return endRun(message.error)
      case 'ready':
    }
  }
  const endRun = (error?: ErrorInfo) => {
    const ended = running
    running = []
    ended.forEach((turn, i) => turn.end(i === 0 ? error : undefined))
    next()
  }
  const failAll = (error: ErrorInfo) => {
    const failed = [...running, ...waiting]
    running = []
    waiting = []
    for (const turn of failed) turn.end(error)
    for (const list of lists.splice(0)) list(errorFromData(error))
    drop()
  }
  const drop = () => {
    const dropped = engine
    engine = undefined
    dropped?.kill()
    return dropped?.ended
  }
  const open = (): HostProcess => {
    const opened = hostProcess({
      command: process.execPath,
      args: [ENGINE, options.vitestPackage, options.scratch, options.base, ...options.args],
      cwd: options.directory,
      env: { ...options.env, ...viewEnv(options.viewFolder, sessionId) },
      reaper: options.reaper,
      hasChannel: true,
      onMessage: (message) => engine === opened && receive(message),
      onOutput: (stream, text) => engine === opened && running[0]?.events.output(stream, text),
    })
    void opened.ended.then((end) => {
      if (engine !== opened) return
      engine = undefined
      failAll({
        code: 'HOST_CRASHED',
        message: `Vitest’s process ended in the middle of a run (${end.signal ?? `exit code ${end.code}`}).${end.tail ? `\n${end.tail.slice(-2_000)}` : ''}`,
        hint: 'Memory that ran out is a frequent reason.',
      })
    })
    return opened
  }
  const next = () => {
    if (running.length > 0 || waiting.length === 0 || isClosed) return
    running = waiting
    waiting = []
    ask({ run: { tests: running.flatMap(({ tests }) => [...tests.values()]) } })
  }
  const ask = (request: EngineRequest) => {
    engine ??= open()
    engine.send(request)
  }

  return {
    run(order, tests, events): HostShard {
      // Shards share one Vitest and its browsers: they are shown as the session's.
      sessionId = order.sessionId
      const { promise: ended, resolve } = Promise.withResolvers<ErrorInfo | undefined>()
      const turn: Turn = { tests: new Map(tests.map((test) => [test.id, test])), events, end: resolve }
      waiting.push(turn)
      // What comes in one go runs in one go.
      setImmediate(next)
      return {
        ended,
        async stop() {
          resolve(undefined)
          waiting = waiting.filter((each) => each !== turn)
          if (!running.includes(turn)) return
          // Vitest ends a run only when its tests end: what runs beside begins again.
          const others = running.filter((each) => each !== turn && each.tests.size > 0)
          for (const done of running) if (done !== turn && done.tests.size === 0) done.end()
          running = []
          waiting.unshift(...others)
          await drop()
          for (const _list of lists) ask({ list: true })
          next()
        },
      }
    },
    list() {
      if (isClosed) return Promise.reject(new EverwarmError('LIST_FAILED', { message: 'The shard program ends.' }))
      return new Promise((resolve, reject) => {
        lists.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)))
        ask({ list: true })
      })
    },
    close() {
      isClosed = true
      void drop()
    },
  }
}
