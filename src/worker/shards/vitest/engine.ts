// A Vitest that serves one session: started by the shard program, never by hand. It loads the project's configuration
// once and runs the files of one shard after another.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Vitest } from 'vitest/node'
import { EverwarmError, errorFromData } from '../../../contracts/errors.ts'
import type { SessionTest } from '../../../contracts/session.ts'
import type { HostMessage } from '../host-types.ts'
import type { EngineRequest } from './engine-request.ts'
import { loadVitest, type VitestModule } from './load.ts'
import { listTests, namePatternOf, specificationsOf } from './specifications.ts'
import { streamingReporter } from './streaming-reporter.ts'

// Code of the project must not meet the channel, nor be held by it.
const post = process.send!.bind(process)
delete process.send
const tell = (message: HostMessage) => void (process.connected && post(message, undefined, undefined, () => {}))
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

const [vitestPackage = '', scratch = '', base = '', ...args] = process.argv.slice(2)
const reporter = streamingReporter(tell, scratch)
let turn: Promise<unknown> = Promise.resolve()
const opened = open()
opened.then(
  () => tell({ kind: 'ready' }),
  (error: unknown) => tell({ kind: 'failed', error: startError(error).toJSON() }),
)
process.on('message', (request: EngineRequest) => {
  turn = turn.then(() => serve(request)).catch((error: unknown) => tell({ kind: 'ended', error: errorFromData(error).toJSON() }))
})

async function open(): Promise<{ vitest: Vitest; module: VitestModule }> {
  const module = await loadVitest(vitestPackage)
  const vitest = await module.create(args, base, reporter.reporter)
  if (vitest.config.coverage.enabled)
    throw new EverwarmError('CONFIG_INVALID', {
      message: 'Coverage is on, and that of shards on several machines is not put together yet.',
      hint: 'Give the session the argument `--coverage.enabled=false`.',
    })
  await (vitest.standalone?.() ?? vitest.init())
  return { vitest, module }
}

async function serve(request: EngineRequest): Promise<void> {
  const { vitest, module } = await opened
  if ('list' in request) return tell({ kind: 'listed', tests: await listTests(vitest) })
  const whole = request.run.tests.filter(({ only }) => only === undefined)
  // Vitest has one pattern for a whole run: tests that name some of a file’s run one after another.
  const runs = [
    ...(whole.length > 0 ? [whole] : []),
    ...request.run.tests.filter(({ only }) => only !== undefined).map((test) => [test]),
  ]
  const own = vitest.getGlobalTestNamePattern()
  for (const tests of runs) {
    const { only } = tests[0]!
    if (only) vitest.setGlobalTestNamePattern(namePatternOf(only))
    await runTests(vitest, module, tests)
    if (!only) continue
    if (own) vitest.setGlobalTestNamePattern(own)
    else vitest.resetGlobalTestNamePattern()
  }
  tell({ kind: 'ended', ...reporter.takeRunError() })
}

async function runTests(vitest: Vitest, { BlobReporter }: VitestModule, tests: SessionTest[]): Promise<void> {
  const found = await specificationsOf(vitest, tests)
  reporter.begin(vitest, found, BlobReporter)
  const specifications = found.flatMap(({ specifications }) => specifications)
  if (specifications.length > 0) await vitest.runTestSpecifications(specifications)
  await reporter.finish()
}

function startError(error: unknown): EverwarmError {
  if (error instanceof EverwarmError) return error
  return new EverwarmError('HOST_START_FAILED', {
    message: `Vitest did not start in ${process.cwd()}: ${(error as Error)?.message ?? String(error)}`,
    hint: 'Run `npx vitest` in the worker’s checkout: it says what is wrong.',
    cause: error,
  })
}

process.on('exit', () => rmSync(join(scratch, String(process.pid)), { recursive: true, force: true }))
