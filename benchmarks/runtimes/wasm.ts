import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeLibtest } from '../../tests/wasm/libtest-program.ts'
import { measure, quietCpuMs } from '../measure.ts'
import { Warmth } from '../pool.ts'
import { BenchError } from '../projects.ts'
import { median } from '../report.ts'
import { type Figure, ms } from './figure.ts'

const AT_ONCE = 16
const TESTS = Array.from({ length: 100 }, (_, i) => `tests::t${String(i).padStart(3, '0')}`)

/** What each test would cost without a daemon: Node, and `node:wasi`. */
const COLD = `
import { readFileSync } from 'node:fs'
import { WASI } from 'node:wasi'
const [path, ...args] = process.argv.slice(2)
const wasi = new WASI({ version: 'preview1', args: [path, ...args], env: process.env, returnOnExit: true })
const module = await WebAssembly.compile(readFileSync(path))
const imports = { ...wasi.getImportObject() }
for (const { module: from, name } of WebAssembly.Module.imports(module)) if (!(from in imports) || from === 'env') (imports[from] ??= {})[name] = () => 0
process.exitCode = wasi.start(await WebAssembly.instantiate(module, imports))
`

/** A hundred tests of one binary, a process each, sixteen at once, as nextest calls them. */
export async function benchWasm(rounds: number): Promise<Figure[]> {
  const warmth = new Warmth()
  try {
    const binary = join(warmth.folder, 'hundred.wasm')
    await writeLibtest(
      binary,
      TESTS.map((name) => ({ name, does: [{ out: `${name}\n` }] })),
    )
    const cold = join(warmth.folder, 'cold.mjs')
    writeFileSync(cold, COLD)
    const client = warmth.client()
    const all = (command: string) =>
      `printf '%s\\n' ${TESTS.join(' ')} | xargs -P ${AT_ONCE} -I{} ${command} ${binary} --exact {} --nocapture`
    const commands = { ours: all(`${client} run`), cold: all(`${process.execPath} --no-warnings ${cold}`) }
    const run = async (side: keyof typeof commands) => {
      const daemon = (await warmth.status())!.daemon.pid
      const before = side === 'ours' ? await quietCpuMs(daemon) : 0
      const { exitCode, wallMs, cpuMs, output } = await measure('/bin/sh', ['-c', commands[side]], {
        cwd: warmth.folder,
        env: warmth.env,
      })
      if (exitCode !== 0 || (output.match(/\.\.\. /g) ?? []).length !== TESTS.length)
        throw new BenchError('RUN_FAILED', `${side} ended with ${exitCode}:\n${output.slice(-2_000)}`)
      return { wallMs, cpuMs: cpuMs + (side === 'ours' ? (await quietCpuMs(daemon)) - before : 0) }
    }
    await measure(client, ['run', binary], { cwd: warmth.folder, env: warmth.env })
    await run('ours')
    const samples = { ours: [] as Awaited<ReturnType<typeof run>>[], cold: [] as Awaited<ReturnType<typeof run>>[] }
    for (let round = 0; round < rounds; round += 1)
      for (const side of ['ours', 'cold'] as const) {
        const sample = await run(side)
        samples[side].push(sample)
        console.log(`  ${side} ${round + 1}  wall ${ms(sample.wallMs)}, CPU ${ms(sample.cpuMs)}`)
      }
    const of = (side: 'ours' | 'cold', what: 'wallMs' | 'cpuMs') => median(samples[side].map((sample) => sample[what]))
    const ratio = (what: 'wallMs' | 'cpuMs') => ({
      ours: ms(of('ours', what)),
      against: `a cold node each ${ms(of('cold', what))}`,
      value: of('ours', what) / of('cold', what),
      unit: 'ratio' as const,
    })
    const peakMb =
      (await peakBytes((await warmth.status())!.daemon.pid, () =>
        measure('/bin/sh', ['-c', commands.ours], { cwd: warmth.folder, env: warmth.env }),
      )) /
      2 ** 20
    return [
      { title: '100 wasm tests, 16 at once, CPU', ...ratio('cpuMs'), atMost: 1 / 15 },
      { title: '100 wasm tests, 16 at once, wall', ...ratio('wallMs'), atMost: 1 / 5 },
      {
        title: 'peak memory of the same (PSS of daemon, host and clients)',
        ours: '',
        against: '',
        value: peakMb,
        unit: 'MB',
        atMost: 150,
      },
    ]
  } finally {
    warmth.end()
  }
}

/** PSS of the daemon's tree and of all that this process has started, at its highest. */
async function peakBytes(daemon: number, begin: () => Promise<unknown>): Promise<number> {
  const work = { isOver: false, peakBytes: 0 }
  const done = begin().finally(() => (work.isOver = true))
  while (!work.isOver) {
    const now = pssOf(daemon) + pssOf(process.pid) - pssOfOne(process.pid)
    work.peakBytes = Math.max(work.peakBytes, now)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await done
  return work.peakBytes
}

function pssOf(root: number): number {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = read(`/proc/${name}/stat`)
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
  }
  const isBelow = (pid: number): boolean => pid === root || (parents.has(pid) && isBelow(parents.get(pid)!))
  return [...parents.keys()].filter(isBelow).reduce((sum, pid) => sum + pssOfOne(pid), 0)
}

const pssOfOne = (pid: number) => Number(/^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) * 1_024

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It has ended.
    return ''
  }
}
