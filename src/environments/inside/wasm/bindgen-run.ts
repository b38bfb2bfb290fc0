import { type BindgenTest, bindgenTests, readReport } from '../libtest/bindgen-report.ts'
import type { Renderer, Verdict } from '../libtest/render.ts'
import { isRun } from '../libtest/select.ts'
import { type BindgenGlue, makeGlue } from './bindgen-glue.ts'
import { engine } from './engine.ts'
import { type LibtestRun, noted, runTests } from './libtest-run.ts'
import { runWith } from './run-whole.ts'

/**
 * Tests of wasm-bindgen-test, listed by the exports and run in Node: each in a thread of its own, because they are JavaScript as
 * much as wasm. What is printed around them is libtest's.
 */
export async function runBindgen(run: LibtestRun): Promise<number> {
  const { binary, options, env, io } = run
  const all = bindgenTests(engine.Module.exports(binary.module).map(({ name }) => name))
  if (all.length === 0 && !options.isList) {
    await io.out(1, Buffer.from('no tests to run!\n'))
    return 0
  }
  if (options.isList) return runTests(run, all, () => Promise.reject(new Error('a list runs nothing')))
  const glue = await noted(run, 'glue', () => makeGlue(binary.path, env))
  return runTests(run, all, (renderer, test) => judge(run, glue, renderer, test))
}

async function judge(run: LibtestRun, { code, module }: BindgenGlue, renderer: Renderer, test: BindgenTest): Promise<Verdict> {
  const { binary, options, env, cwd, threads, io } = run
  const isLive = !options.isCapturing
  if (isLive) await io.out(1, Buffer.from(renderer.begin(test.name, false), 'latin1'))
  const glue = { code, test: test.exportName, isIncludingIgnored: isRun(test, options.ignored) }
  const end = await runWith(threads, { module, args: [binary.path], env, cwd, glue }, io, {
    isLive,
    onChunk: async ({ fd, bytes }) => (isLive ? io.out(fd, bytes) : undefined),
  })
  const verdict = readReport(end.report ?? '')
  if (verdict) return verdict
  const why = `wasm trap: ${end.trap ?? 'the test came to no result'}\n`
  return { status: 'failed', isShouldPanic: false, output: Buffer.from(`${end.report ?? ''}${why}`) }
}
