import type { TimingLine } from '../contracts/timing-line.ts'
import type { FileRun, Temperature, TestRun, TestStatus, Timing } from './timing.ts'

const STATUS_OF: Record<string, TestStatus> = { p: 'passed', f: 'failed', s: 'skipped', t: 'timedOut' }
const TEMPERATURE_OF: Record<string, Temperature> = { w: 'warm', c: 'cold' }
const letter = <L extends string>(word: string) => word[0] as L

/** One line without its line break; equal timings give equal text. Times keep 1 ms, durations 0.01 ms. */
export function encodeTiming({ project, environment, file, runs, tests }: Timing): string {
  const line: TimingLine = {
    v: 1,
    p: project,
    e: environment,
    f: file,
    r: runs.map((run) => [Math.round(run.atMs), hundredths(run.durationMs), letter(run.status), letter(run.temperature)]),
    ...(tests.size > 0 ? { t: Object.fromEntries([...tests].map(([name, own]) => [name, own.map(testTuple)])) } : {}),
  }
  return JSON.stringify(line)
}

const testTuple = (run: TestRun): NonNullable<TimingLine['t']>[string][number] => [
  Math.round(run.atMs),
  hundredths(run.durationMs),
  letter(run.status),
]
const hundredths = (ms: number) => Math.round(ms * 100) / 100

/** undefined for a line that is torn, of another version, or no timing. By hand: a store has up to 100,000 lines. */
export function decodeTiming(text: string): Timing | undefined {
  let line: TimingLine
  try {
    line = JSON.parse(text) as TimingLine
  } catch {
    // Torn by a killed writer or a full disk.
    return undefined
  }
  if (typeof line !== 'object' || line === null || line.v !== 1 || !Array.isArray(line.r)) return undefined
  if (typeof line.p !== 'string' || typeof line.e !== 'string' || typeof line.f !== 'string' || line.f === '') return undefined
  const runs = line.r.map((tuple) => fileRun(tuple))
  const tests = testsOf(line.t)
  if (!tests || runs.includes(undefined)) return undefined
  return { project: line.p, environment: line.e, file: line.f, runs: runs as FileRun[], tests }
}

function testsOf(tests: unknown): Map<string, TestRun[]> | undefined {
  if (tests === undefined) return new Map()
  if (typeof tests !== 'object' || tests === null || Array.isArray(tests)) return undefined
  const decoded = new Map<string, TestRun[]>()
  for (const [name, tuples] of Object.entries(tests)) {
    const runs = Array.isArray(tuples) ? tuples.map((tuple) => testRun(tuple)) : [undefined]
    if (runs.includes(undefined)) return undefined
    decoded.set(name, runs as TestRun[])
  }
  return decoded
}

function testRun(tuple: unknown, length = 3): TestRun | undefined {
  if (!Array.isArray(tuple) || tuple.length !== length) return undefined
  const [atMs, durationMs, status] = tuple as unknown[]
  const isSound = Number.isFinite(atMs) && Number.isFinite(durationMs) && (durationMs as number) >= 0
  const word = Object.hasOwn(STATUS_OF, String(status)) ? STATUS_OF[status as string] : undefined
  return isSound && word ? { atMs: atMs as number, durationMs: durationMs as number, status: word } : undefined
}

function fileRun(tuple: unknown): FileRun | undefined {
  const run = testRun(tuple, 4)
  const kind = String((tuple as unknown[])?.[3])
  const temperature = Object.hasOwn(TEMPERATURE_OF, kind) ? TEMPERATURE_OF[kind] : undefined
  return run && temperature ? { ...run, temperature } : undefined
}
