import { extname, dirname, join, resolve } from 'node:path'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ErrorInfo } from '../../contracts/error-info.ts'
import { errorFromData } from '../../contracts/errors.ts'
import type { SessionTest } from '../../contracts/session.ts'
import type { GroupReaper } from '../reaper.ts'
import { viewEnv } from './view-env.ts'
import { type HostProcess, type HostProcessEnd, type HostProcessOptions, hostProcess } from './host-process.ts'
import type { HostMessage, TestHost } from './host-types.ts'

export interface PlaywrightHostOptions {
  directory: string
  /** package.json of the project's `@playwright/test`. */
  playwrightPackage: string
  args: readonly string[]
  env: NodeJS.ProcessEnv
  scratch: string
  /** Where the worker looks at browsers; absent: it does not. */
  viewFolder?: string | undefined
  reaper: GroupReaper
}

const REPORTER = fileURLToPath(new URL(`./playwright/reporter${extname(import.meta.url)}`, import.meta.url))
const STOP_GRACE_MS = 1_000

/** A `playwright test` for each shard, with the project's own configuration and a reporter that tells of each file. */
export function playwrightHost(options: PlaywrightHostOptions): TestHost {
  const { directory, playwrightPackage, args, env, scratch, viewFolder, reaper } = options
  const running = new Set<HostProcess>()
  const start = (
    more: readonly string[],
    folder: string,
    events: Pick<HostProcessOptions, 'onMessage' | 'onOutput'>,
    shownAs?: string,
  ) => {
    const process = hostProcess({
      command: globalThis.process.execPath,
      args: [
        join(dirname(playwrightPackage), 'cli.js'),
        'test',
        ...args,
        `--reporter=${REPORTER}`,
        `--output=${join(folder, 'results')}`,
        ...more,
      ],
      cwd: directory,
      env: { ...env, EVERWARM_SHARD_FOLDER: folder, PWTEST_BLOB_DO_NOT_REMOVE: '1', ...viewEnv(viewFolder, shownAs) },
      reaper,
      hasChannel: true,
      ...events,
    })
    running.add(process)
    void process.ended.then(() => running.delete(process))
    return process
  }
  return {
    run({ shardId }, tests, events) {
      const left = new Map(tests.map((test) => [test.id, test]))
      let isStopped = false
      let current: HostProcess | undefined
      /** @returns what belongs to no test, and whether the rest is to be run again */
      const runOnce = async (asked: readonly SessionTest[]): Promise<Extract<HostMessage, { kind: 'ended' }>> => {
        const folder = mkdtempSync(join(scratch, 'playwright-'))
        let last: Extract<HostMessage, { kind: 'ended' }> | undefined
        writeFileSync(join(folder, 'tests.json'), JSON.stringify(asked))
        const files = [...new Set(asked.map(({ path }) => filterOf(directory, path)))]
        const onMessage = (message: HostMessage) => {
          if (isStopped) return
          if (message.kind === 'started' || message.kind === 'alive') events[message.kind](message.testId)
          else if (message.kind === 'output') events.output(message.stream, message.text)
          else if (message.kind === 'ended') last = message
          else if (message.kind === 'result' && left.delete(message.result.testId)) events.result(message)
        }
        const onOutput: HostProcessOptions['onOutput'] = (stream, text) => !isStopped && events.output(stream, text)
        current = start(files, folder, { onMessage, onOutput }, shardId)
        const end = await current.ended
        const fault = last ? undefined : startFault(end)
        return last ?? { kind: 'ended', ...(fault ? { error: fault } : {}) }
      }
      const runEach = async () => {
        for (const test of left.values()) if (!isStopped) await runOnce([test])
        return undefined
      }
      const ended = (async () => {
        for (;;) {
          const before = left.size
          const { error, again } = await runOnce([...left.values()])
          if (isStopped || left.size === 0) return error
          // A file that cannot be loaded keeps all others from running; where Playwright does not name it, each runs alone.
          if (error && left.size === tests.length && tests.length > 1) return runEach()
          if (error || !again || left.size === before) return error
        }
      })()
      return {
        ended,
        async stop() {
          isStopped = true
          // Playwright closes its browsers on this; what is slow is ended by force.
          current?.kill('SIGINT')
          const force = setTimeout(() => current?.kill(), STOP_GRACE_MS)
          await current?.ended
          clearTimeout(force)
        },
      }
    },
    async list() {
      const folder = mkdtempSync(join(scratch, 'playwright-'))
      let tests: SessionTest[] | undefined
      let said = ''
      const process = start(['--list'], folder, {
        onMessage(message) {
          if (message.kind === 'listed') ({ tests } = message)
          if (message.kind === 'output') said += message.text
        },
        onOutput() {},
      })
      const end = await process.ended
      rmSync(folder, { recursive: true, force: true })
      if (tests) return tests
      throw errorFromData({
        code: 'LIST_FAILED',
        message: `Playwright could not list its tests (${end.signal ?? `exit code ${end.code}`}):\n${`${said}\n${end.tail}`.trim().slice(0, 4_000)}`,
        hint: 'Run `npx playwright test --list` in the worker’s checkout.',
      })
    },
    close() {
      for (const process of running) process.kill()
    },
  }
}

/** Playwright takes patterns; this one is of one file. */
const filterOf = (directory: string, path: string) => `${resolve(directory, path).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`

/** 0: all green, 1: some are red, which their results say. */
function startFault({ code, signal, tail, error }: HostProcessEnd): ErrorInfo | undefined {
  if (error || (code === 0 && signal === null) || (code === 1 && signal === null)) return error
  return {
    code: 'HOST_CRASHED',
    message: `Playwright ended with ${signal ?? `exit code ${code}`}.${tail ? `\n${tail.slice(-2_000)}` : ''}`,
  }
}
