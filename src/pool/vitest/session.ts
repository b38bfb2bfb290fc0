import { relative } from 'node:path'
import type { TestProject, Vitest } from 'vitest/node'
import type { EverwarmError } from '../../contracts/errors.ts'
import { systemClock, type Clock } from '../../system/clock.ts'
import { folderFault } from '../../system/files.ts'
import { definedOnly } from '../../system/settings.ts'
import type { Leaser } from '../leaser.ts'
import { runRefusal } from './eligible.ts'
import { Foresight } from './foresight.ts'
import { LeaseKeeper } from './keeper.ts'
import { FileMemory, type Lesson } from './memory.ts'
import type { RunRequest } from './messages.ts'
import { notice } from './notice.ts'
import { runFacts } from './plugin.ts'
import { memoryName } from './stock-pool.ts'
import type { Failure, Verdict } from './verdict.ts'
import { Watchdog } from './watchdog.ts'

export interface PoolSettings {
  /** A world that does not answer for longer than this is killed, ms; at least the longest test timeout of its file. */
  hangLimitMs: number
  /** The limit holds even for files with longer test timeouts. */
  isHangLimitExact: boolean
  /** How long a file may wait for a host before it runs in a process of its own, ms. */
  waitMs: number
  /** Failures are judged again in a fork; off only to look at the hosts' own results. */
  isJudging: boolean
  cacheDir: string
  /** What is wrong with the options: nothing runs in a host then. */
  fault: EverwarmError | undefined
}

/** What one Vitest instance keeps between its files. */
export interface Session {
  readonly settings: PoolSettings
  readonly keeper: LeaseKeeper
  readonly leaser: Leaser
  /** Why no file of this run goes to a host of the daemon, or null. */
  readonly refusal: string | null
  readonly memory: FileMemory
  readonly watchdog: Watchdog
  /** What is known of the questions of the project's files. */
  foresight(project: TestProject): Foresight
  /** Why the request must go to a fork at once, or undefined. */
  needsProcess(project: TestProject, request: RunRequest): string | undefined
  /** Whether a fork has failed with the very same failure, the file being the same. */
  isConfirmed(project: TestProject, request: RunRequest, failure: Failure): boolean
  learn(project: TestProject, request: RunRequest, lesson: Pick<Lesson, 'verdict' | 'reason' | 'digest'> | null): void
  /** One dim line, once per run. */
  say(text: string): void
}

const sessions = new WeakMap<Vitest, Session>()

export function sessionOf(vitest: Vitest, settings: PoolSettings, newLeaser: () => Leaser, clock: Clock = systemClock): Session {
  let session = sessions.get(vitest)
  if (!session) {
    session = openSession(vitest, settings, tracedWhereAsked(vitest, newLeaser()), clock)
    sessions.set(vitest, session)
  }
  return session
}

/** What traces needs is loaded only where somebody has asked for them. */
function tracedWhereAsked(vitest: Vitest, leaser: Leaser): Leaser {
  const isAsked = process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] || process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']
  if (!isAsked) return leaser
  const failed = (reason: string) =>
    notice(
      vitest.logger.errorStream as NodeJS.WritableStream,
      `traces of leases were not sent (${reason}); see OTEL_EXPORTER_OTLP_ENDPOINT, or set OTEL_TRACES_EXPORTER=none`,
    )
  const traced = Promise.all([import('../traced-leaser.ts'), import('../../system/otlp.ts')]).then(
    ([{ tracedLeaser }, { traceTarget }]) => {
      const target = traceTarget(process.env)
      return target ? tracedLeaser(leaser, target, failed) : leaser
    },
  )
  return {
    acquire: async (profile, waitMs) => (await traced).acquire(profile, waitMs),
    warm: leaser.warm,
    close: async () => (await traced).close(),
  }
}

function openSession(vitest: Vitest, settings: PoolSettings, leaser: Leaser, clock: Clock): Session {
  const memory = new FileMemory(settings.cacheDir, vitest.config.root)
  const limit = () => Math.max(1, ...vitest.projects.map((project) => project.config.maxWorkers))
  const keeper = new LeaseKeeper({ leaser, clock, limit, waitMs: settings.waitMs, idleMs: 2_000, onIdle: () => memory.flush() })
  const say = (text: string) => notice(vitest.logger.errorStream as NodeJS.WritableStream, text)
  // The plugin has asked this already; for `test.pool: pool()` nobody has.
  const refusal = runRefusal(runFacts(vitest.config, vitest.version, settings.fault))
  const fault = refusal === null ? folderFault(settings.cacheDir) : undefined
  if (fault !== undefined)
    say(`nothing is kept between runs: ${settings.cacheDir} ${fault}. Set EVERWARM_CACHE to a folder of your own.`)
  const foresights = new WeakMap<TestProject, Foresight>()
  vitest.onClose(async () => {
    await keeper.close()
    memory.flush()
    await leaser.close()
  })
  return {
    settings,
    keeper,
    leaser,
    refusal,
    memory,
    watchdog: new Watchdog(clock, settings.hangLimitMs),
    say,
    foresight(project) {
      let foresight = foresights.get(project)
      if (!foresight) foresights.set(project, (foresight = new Foresight(project.config.root)))
      return foresight
    },
    needsProcess(project, request) {
      if (refusal !== null) {
        say(refusal)
        return refusal
      }
      for (const { filepath } of request.context.files) {
        const lesson = memory.lessons(filepath, memoryName(project)).find(({ verdict }) => verdict === 'needs-process')
        if (lesson) return lesson.reason
      }
      return undefined
    },
    isConfirmed(project, request, failure) {
      const file = onlyFile(request)
      return file !== undefined && memory.lessons(file, memoryName(project)).some(({ digest }) => digest === failure.digest)
    },
    learn(project, request, lesson) {
      const file = onlyFile(request)
      if (!lesson || file === undefined) return
      memory.learn({ file, project: memoryName(project), ...lesson })
      if (lesson.verdict === 'needs-process')
        say(
          `${relative(process.cwd(), file)} runs in a process of its own from now on; see \`everwarm explain ${relative(process.cwd(), file)}\``,
        )
    },
  }
}

/** Only what one file did alone teaches something about it. */
function onlyFile({ type, context }: RunRequest): string | undefined {
  return type === 'run' && context.files.length === 1 ? context.files[0]!.filepath : undefined
}

/** ms of each phase that Vitest measured in the worker. */
export function phasesOf(verdict: Verdict, filepath: string): Record<string, number> {
  const file = verdict.files.find((found) => found.filepath === filepath)
  if (!file) return {}
  return definedOnly({
    environment: file.environmentLoad,
    prepare: file.prepareDuration,
    setup: file.setupDuration,
    collect: file.collectDuration,
    tests: verdict.tasks.get(file.id)?.result?.duration,
  })
}
