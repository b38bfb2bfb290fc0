import { EverwarmError } from '../../contracts/errors.ts'
import type { SessionTest, TestResult } from '../../contracts/session.ts'
import type { GroupReaper } from '../reaper.ts'
import { type HostProcess, type HostProcessEnd, hostProcess } from './host-process.ts'
import type { TestHost } from './host-types.ts'

export interface CommandHostOptions {
  command: readonly string[]
  directory: string
  env: NodeJS.ProcessEnv
  reaper: GroupReaper
}

const ERROR_CHARS = 4_096

/** Runs a command for each test, one after another, with the test's path at the end: exit code 0 is green. */
export function commandHost({ command: [program = '', ...args], directory, env, reaper }: CommandHostOptions): TestHost {
  const running = new Set<HostProcess>()
  return {
    run(_order, tests, { started, result, output }) {
      let isStopped = false
      let current: HostProcess | undefined
      const runOne = async (test: SessionTest) => {
        const startedMs = Date.now()
        started(test.id)
        current = hostProcess({
          command: program,
          args: [...args, test.path],
          cwd: directory,
          env,
          reaper,
          hasChannel: false,
          onOutput: output,
        })
        running.add(current)
        const end = await current.ended
        running.delete(current)
        if (!isStopped) result({ result: commandResult(test, end, startedMs) })
      }
      const ended = (async () => {
        for (const test of tests) if (!isStopped) await runOne(test)
        return undefined
      })()
      return {
        ended,
        async stop() {
          isStopped = true
          current?.kill()
          await current?.ended
        },
      }
    },
    list: () =>
      Promise.reject(
        new EverwarmError('LIST_FAILED', {
          message: 'A command does not say which tests there are.',
          hint: 'Give the session its `tests`.',
        }),
      ),
    close() {
      for (const process of running) process.kill()
    },
  }
}

function commandResult(
  { id, path, name }: SessionTest,
  { code, signal, tail, error }: HostProcessEnd,
  startedMs: number,
): TestResult {
  const endedMs = Date.now()
  const isGreen = code === 0 && !error
  const why = error?.message ?? `${signal ?? `Exit code ${code}`}${tail ? `\n${tail.slice(-ERROR_CHARS)}` : ''}`
  return {
    testId: id,
    testPath: path,
    ...(name === undefined ? {} : { testName: name }),
    status: isGreen ? 'passed' : 'failed',
    duration: endedMs - startedMs,
    ...(isGreen ? {} : { error: why }),
    startedAt: new Date(startedMs).toISOString(),
    finishedAt: new Date(endedMs).toISOString(),
  }
}
