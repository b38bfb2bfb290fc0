import { innerArgs, innerRun } from '../libtest/inner-run.ts'
import type { RunOptions } from '../libtest/options.ts'
import { type Renderer, rendererFor, type Totals, type Verdict } from '../libtest/render.ts'
import { isRun, type ListedTest, parseLists, renderList, selectTests } from '../libtest/select.ts'
import type { Binary } from './binaries.ts'
import { Aborted, type RunIo } from './run-io.ts'
import { runWhole, runWith } from './run-whole.ts'
import type { Threads } from './threads.ts'
import type { ProgramEnd } from './instance.ts'

export interface LibtestRun {
  binary: Binary
  options: RunOptions
  env: Record<string, string>
  cwd: string
  threads: Threads
  io: RunIo
}

/** libtest ends with it when a test failed. */
const FAILED_CODE = 101

/**
 * Does what the binary's libtest would do, around it: a panic ends a wasm program, so each test gets an instance, and the list,
 * the lines and the summary are made here.
 */
export async function runLibtest(run: LibtestRun): Promise<number> {
  const all = await listOf(run)
  return typeof all === 'number' ? all : runTests(run, all, (renderer, test) => judge(run, renderer, test))
}

/** Runs a test and says what became of it. Where nothing is captured it writes the test's first words, and what it prints. */
export type Judge<Test> = (renderer: Renderer, test: Test) => Promise<Verdict>

/** All that libtest does around the tests. Resolves with the exit code. */
export async function runTests<Test extends ListedTest>(
  run: LibtestRun,
  all: readonly Test[],
  judge: Judge<Test>,
): Promise<number> {
  const { options, io } = run
  const { tests, filteredOut } = selectTests(all, options)
  if (options.isList) {
    await io.out(1, Buffer.from(renderList(tests, options.format)))
    return 0
  }
  const startedMs = performance.now()
  const renderer = rendererFor(options.format, options.isShowingOutput)
  await io.out(1, Buffer.from(renderer.start(tests.length), 'latin1'))
  const totals: Totals = { passed: 0, failed: 0, ignored: 0, filteredOut, elapsedMs: 0 }
  for await (const [test, verdict] of verdicts(run, renderer, tests, judge)) {
    totals[COUNTED[verdict.status]] += 1
    await io.out(1, Buffer.from(renderer.result(test.name, verdict), 'latin1'))
    if (verdict.status === 'ignored' && verdict.isShouldPanic) await io.out(2, Buffer.from(neverRun(test.name)))
    if (options.isFailFast && totals.failed > 0) break
  }
  totals.elapsedMs = performance.now() - startedMs
  await io.out(1, Buffer.from(renderer.finish(totals), 'latin1'))
  return totals.failed > 0 ? FAILED_CODE : 0
}

const COUNTED = { ok: 'passed', failed: 'failed', ignored: 'ignored' } as const

function neverRun(name: string): string {
  return `everwarm: ${name} is marked #[should_panic]: libtest never runs these on wasm, where nothing unwinds, and counts them as ignored.\n`
}

/** In the order of the list. Loud ones run one after another, as libtest does on wasm; captured ones beside each other. */
async function* verdicts<Test extends ListedTest>(
  run: LibtestRun,
  renderer: Renderer,
  tests: readonly Test[],
  judge: Judge<Test>,
): AsyncGenerator<[Test, Verdict]> {
  const { options, threads } = run
  const width = options.isCapturing ? (options.testThreads ?? threads.size) : 1
  const begun: Promise<Verdict>[] = []
  for (const [i, test] of tests.entries()) {
    while (begun.length < tests.length && begun.length < i + width) {
      const verdict = judge(renderer, tests[begun.length]!)
      // Who stops in the middle does not ask for the others any more.
      verdict.catch(() => {})
      begun.push(verdict)
    }
    const verdict = await begun[i]!
    if (options.isCapturing) await run.io.out(1, Buffer.from(renderer.begin(test.name, verdict.isShouldPanic), 'latin1'))
    yield [test, verdict]
  }
}

async function judge(run: LibtestRun, renderer: Renderer, test: ListedTest): Promise<Verdict> {
  const { options } = run
  if (isRun(test, options.ignored)) return runOne(run, renderer, test)
  // Without its flag libtest only names it, with its reason: no risk, and the same each time.
  return noted(run, `ignored ${test.name}`, () => runOne(run, renderer, { ...test, isIgnored: false }, true)).then(
    async (verdict) => {
      if (!options.isCapturing) await run.io.out(1, Buffer.from(renderer.begin(test.name, verdict.isShouldPanic), 'latin1'))
      return verdict
    },
  )
}

async function runOne(run: LibtestRun, renderer: Renderer, test: ListedTest, isQuiet = false): Promise<Verdict> {
  const { binary, options, env, cwd, threads, io } = run
  const inner = innerRun(test.name)
  const isLive = !options.isCapturing && !isQuiet
  const captured: Uint8Array[] = []
  let isNamed = !isLive
  let hasPanicked = false
  const emit = async (fd: 1 | 2, bytes: Uint8Array) => {
    if (bytes.length === 0) return
    if (isLive) await io.out(fd, bytes)
    else captured.push(bytes)
  }
  const name = async () => {
    if (isNamed) return
    isNamed = true
    await io.out(1, Buffer.from(renderer.begin(test.name, inner.isShouldPanic), 'latin1'))
  }
  const end = await runWith(
    threads,
    { module: binary.module, args: innerArgs(binary.path, test.name, test.isIgnored, options.isBench), env, cwd },
    io,
    {
      isLive,
      async onChunk({ fd, bytes }) {
        const own = fd === 1 ? Buffer.from(inner.push(Buffer.from(bytes).toString('latin1')), 'latin1') : bytes
        if (inner.isBegun) await name()
        hasPanicked ||= fd === 2 && Buffer.from(bytes).includes('panicked at')
        await emit(fd, own)
      },
    },
  )
  await name()
  const { rest, verdict } = inner.end(end.code)
  await emit(1, Buffer.from(rest, 'latin1'))
  const why = trapLine(end, verdict, hasPanicked)
  if (why) await emit(2, Buffer.from(why))
  return { ...verdict, output: Buffer.concat(captured) }
}

/** A panic has said what happened; of any other end nobody has. */
function trapLine({ code, trap }: ProgramEnd, { status }: Pick<Verdict, 'status'>, hasPanicked: boolean): string {
  if (status !== 'failed') return ''
  if (trap !== undefined) return trap === 'unreachable' && hasPanicked ? '' : `wasm trap: ${trap}\n`
  return code === FAILED_CODE || code === 0 ? '' : `the test ended its process with code ${code}\n`
}

/** Both lists, asked once for each version of a file. A number: the exit code of a binary that has none. */
async function listOf(run: LibtestRun): Promise<ListedTest[] | number> {
  const { binary, env, cwd, threads, io } = run
  const ask = async (...more: string[]) => {
    const args = [binary.path, '--list', '--format=terse', ...more]
    return runWhole(threads, { module: binary.module, args, env, cwd }, io)
  }
  const answers = await noted(run, 'list', () => Promise.all([ask(), ask('--ignored')]))
  const bad = answers.find(({ end }) => end.code !== 0)
  if (bad) {
    run.binary.notes.delete('list')
    await io.out(2, bad.stderr)
    await io.out(2, Buffer.from(`everwarm: the binary cannot list its tests${bad.end.trap ? `: ${bad.end.trap}` : ''}\n`))
    return bad.end.code
  }
  const [all, ignored] = answers.map(({ stdout }) => stdout.toString('utf8'))
  return parseLists(all!, ignored!)
}

/** What is true of a version of a file is asked once, by whoever needs it first; what went wrong is asked again. */
export async function noted<T>(
  { binary, io }: Pick<LibtestRun, 'binary' | 'io'>,
  about: string,
  ask: () => Promise<T>,
): Promise<T> {
  const { notes } = binary
  for (;;) {
    let answer = notes.get(about) as Promise<T> | undefined
    if (!answer) {
      answer = ask()
      notes.set(about, answer)
      answer.catch(() => notes.delete(about))
    }
    try {
      return await answer
    } catch (error) {
      // Who had asked went away, which is no answer for the others.
      if (!(error instanceof Aborted) || io.signal.aborted) throw error
    }
  }
}
