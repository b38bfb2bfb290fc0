import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ProgramTest, writeBindgen, writeLibtest, writeProgram } from './libtest-program.ts'
import { CLI, type WasmHouse, wasmHouse } from './wasm-house.ts'

let at: WasmHouse
beforeAll(async () => void (at = await wasmHouse()))
afterAll(() => at.close())

/** What both a program of this machine and one of wasm can do, with the same words. */
const TESTS: ProgramTest[] = [
  { name: 'a_pass', does: [{ out: 'hello out\n' }, { err: 'hello err\n' }] },
  { name: 'b_fail', does: [{ out: 'before\n' }, { error: 'oops' }] },
  { name: 'c_ignored', ignored: true },
  { name: 'd_ignored', ignored: 'too "slow"', does: [{ error: 'slow' }] },
  { name: 'e_ok_without_line_end', does: [{ out: 'ok' }] },
  { name: 'level_1::level_2::pass' },
  { name: 'level_1::pass', does: [{ out: 'ok\n' }] },
  { name: 'level_1::silent', does: [{ error: '' }] },
]

const hasRustc = spawnSync('rustc', ['--version']).status === 0

/** The same tests for this machine: their libtest is the measure. */
function nativeSource(tests: readonly ProgramTest[]): string {
  const one = ({ name, ignored, does = [] }: ProgramTest) => {
    const path = name.split('::')
    const last = path.pop()!
    const mark = ignored === undefined ? '' : ignored === true ? '#[ignore]' : `#[ignore = ${JSON.stringify(ignored)}]`
    const acts = does.map((act) => {
      if (typeof act !== 'object') throw new Error('not for this machine')
      if ('out' in act) return `print!("{}", ${JSON.stringify(act.out)});`
      if ('err' in act) return `eprint!("{}", ${JSON.stringify(act.err)});`
      return 'error' in act ? `return Err(${JSON.stringify(act.error)}.to_string());` : ''
    })
    const fails = acts.some((act) => act.startsWith('return'))
    const body = `#[test] ${mark} fn ${last}() -> Result<(), String> { ${acts.join(' ')} ${fails ? '' : 'Ok(())'} }`
    return { path, body }
  }
  const flat = tests.map(one)
  const inside = (...path: string[]) =>
    flat
      .filter((t) => t.path.join('::') === path.join('::'))
      .map((t) => t.body)
      .join('\n')
  return `${inside()}\nmod level_1 { ${inside('level_1')}\nmod level_2 { ${inside('level_1', 'level_2')} } }`
}

/** Times differ; the usage line names the program. */
const plain = (text: string) =>
  text.replaceAll(/finished in \d+\.\d\ds/g, 'finished in 0.00s').replaceAll(/"exec_time": [\d.e-]+/g, '"exec_time": 0')

test
  .runIf(hasRustc)
  .each([
    '',
    '-q',
    '--quiet --include-ignored',
    '--nocapture',
    '--nocapture --include-ignored',
    '--list',
    '--list -q',
    '--list --format terse',
    '--list --format terse --ignored',
    '--list --ignored',
    '--list no_such',
    '--list a_pass --exact',
    '--ignored',
    '--include-ignored',
    'pass',
    'level_1',
    'level_1 b_fail',
    'pass --exact',
    'a_pass --exact',
    '--exact a_pass --nocapture',
    '--exact b_fail --nocapture',
    '--exact c_ignored --nocapture --ignored',
    '--exact c_ignored --nocapture',
    '--exact level_1::level_2::pass level_1::pass',
    'no_such',
    '--skip level_1',
    '--skip level_1::pass --skip=b_fail',
    '--skip 1:: --skip=fail --skip ignored',
    '--exact --skip a_pass',
    '--show-output a_pass level',
    '--show-output --include-ignored',
    '--format=terse --nocapture',
    '-Z unstable-options --format json',
    '-Z unstable-options --format json --include-ignored --nocapture',
    '-Z unstable-options --format json --show-output pass',
    '--ignored --include-ignored',
    '--no-such-option',
    '-x',
    '--skip',
    '--list=yes',
  ])('%s prints and ends as libtest of this machine does', async (flags) => {
  const args = flags === '' ? [] : flags.split(' ')
  const source = join(at.folder, 'native.rs')
  const native = join(at.folder, 'native')
  if (!statSync(native, { throwIfNoEntry: false })) {
    writeFileSync(source, nativeSource(TESTS))
    execFileSync('rustc', ['--test', '--edition=2021', source, '-o', native], { stdio: 'ignore' })
    await writeLibtest(join(at.folder, 'same.wasm'), TESTS)
  }
  const stock = spawnSync(native, ['--test-threads=1', ...args], { encoding: 'utf8', env: { RUSTC_BOOTSTRAP: '1' } })
  const ours = await at.run([join(at.folder, 'same.wasm'), ...args])
  expect(plain(ours.stdout)).toBe(plain(stock.stdout))
  expect(ours.stderr).toBe(stock.stderr)
  expect(ours.code).toBe(stock.status)
})

test('the list as json is the list', async () => {
  const path = await writeLibtest(join(at.folder, 'list.wasm'), TESTS.slice(0, 3))
  expect(await at.run([path, '--list', '--format', 'json'])).toMatchObject({
    stdout: 'a_pass: test\nb_fail: test\nc_ignored: test\n',
    code: 0,
  })
  expect(await at.run([path, '--list', '--format', 'json', '--ignored'])).toMatchObject({ stdout: 'c_ignored: test\n', code: 0 })
})

test('tests after a panic still run, and the panic is shown with what came before it', async () => {
  const path = await writeLibtest(join(at.folder, 'panics.wasm'), [
    { name: 'a', does: [{ out: 'first\n' }, { panic: 'assertion failed' }] },
    { name: 'b', does: ['trap'] },
    { name: 'c', does: ['overflow'] },
    { name: 'd', does: [{ exit: 3 }] },
    { name: 'e', does: ['missing'] },
    { name: 'f' },
  ])
  const { stdout, stderr, code } = await at.run([path])
  expect(stdout).toContain('test f ... ok\n')
  expect(stdout).toContain("---- a stdout ----\nfirst\n\nthread 'a' panicked at src/lib.rs:1:1:\nassertion failed\n\n")
  expect(stdout).toContain('---- b stdout ----\nwasm trap: unreachable\n\n')
  expect(stdout).toContain('---- c stdout ----\nwasm trap: Maximum call stack size exceeded\n\n')
  expect(stdout).toContain('---- d stdout ----\nthe test ended its process with code 3\n\n')
  expect(stdout).toContain('---- e stdout ----\nwasm trap: the program called "env" "pthread_join", which is not there\n\n')
  expect(stdout).toContain('test result: FAILED. 1 passed; 5 failed; 0 ignored; 0 measured; 0 filtered out;')
  expect({ stderr, code }).toEqual({ stderr: '', code: 101 })
})

test('a test that may panic counts as ignored, as in libtest, and stderr says why', async () => {
  const path = await writeLibtest(join(at.folder, 'should.wasm'), [{ name: 'a', isShouldPanic: true }, { name: 'b' }])
  for (const flags of [[], ['--nocapture'], ['--exact', 'a', '--nocapture']]) {
    const { stdout, stderr, code } = await at.run([path, ...flags])
    expect(stdout).toContain('test a - should panic ... ignored\n')
    expect(stderr).toBe(
      'everwarm: a is marked #[should_panic]: libtest never runs these on wasm, where nothing unwinds, and counts them as ignored.\n',
    )
    expect(code).toBe(0)
  }
})

test('each test has an instance of its own, whatever ran before', async () => {
  const path = await writeLibtest(join(at.folder, 'counts.wasm'), [
    { name: 'a', does: ['count'] },
    { name: 'b', does: ['count', 'count'] },
  ])
  for (let round = 0; round < 3; round += 1) {
    const { stdout } = await at.run([path, '--nocapture'])
    expect(stdout).toContain('test a ... 1\nok\ntest b ... 1\n2\nok\n')
  }
})

test('a test that prints without end is ended, and the others run', async () => {
  const path = await writeLibtest(join(at.folder, 'floods.wasm'), [{ name: 'a', does: ['flood'] }, { name: 'b' }])
  const { stdout, code } = await at.run([path, '-q', '--format', 'json'])
  expect(stdout).toContain('wasm trap: it printed more than')
  expect(stdout).toContain('"name": "b", "event": "ok"')
  expect(code).toBe(101)
})

test('a binary that was built anew is compiled anew, under the same name', async () => {
  const path = await writeLibtest(join(at.folder, 'again.wasm'), [{ name: 'one' }])
  expect((await at.run([path, '--list', '-q'])).stdout).toBe('one: test\n')
  await writeLibtest(path, [{ name: 'two' }])
  utimesSync(path, 1, 1)
  expect((await at.run([path, '--list', '-q'])).stdout).toBe('two: test\n')
})

test('a plain program gets its arguments and stdin, and its exit code counts', async () => {
  const echo = await writeProgram(join(at.folder, 'echo.wasm'), ['echo', { err: 'done\n' }, { exit: 7 }])
  expect(await at.run([echo, '--list'], { stdin: 'line 1\nline 2' })).toEqual({
    code: 7,
    signal: null,
    stdout: 'line 1\nline 2',
    stderr: 'done\n',
  })
  expect(await at.run([echo])).toMatchObject({ code: 7, stdout: '' })
  const trap = await writeProgram(join(at.folder, 'trap.wasm'), ['trap'])
  expect(await at.run([trap])).toMatchObject({ code: 134, stderr: 'wasm trap: unreachable\n' })
})

test('tests of wasm-bindgen-test are listed by the exports, without their crate', async () => {
  const path = await writeBindgen(join(at.folder, 'bg.wasm'), [
    '__wbgt__bg::tests::passes',
    '__wbgt_$_bg::tests::ignored',
    '__wbgt__bg::a',
    '__wbgtest_console_log',
  ])
  const list = (...more: string[]) => at.run([path, '--list', '--format', 'terse', ...more])
  expect(await list()).toMatchObject({ code: 0, stdout: 'a: test\ntests::ignored: test\ntests::passes: test\n', stderr: '' })
  expect(await list('--ignored')).toMatchObject({ code: 0, stdout: 'tests::ignored: test\n' })
  const { code, stderr } = await at.run([path], { env: { PATH: '/nowhere' } })
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('wasm-bindgen cannot be started (ENOENT)') })
  const none = await writeBindgen(join(at.folder, 'none.wasm'), ['__wbgtest_console_log'])
  expect(await at.run([none])).toMatchObject({ code: 0, stdout: 'no tests to run!\n' })
  expect(await at.run([none, '--list', '--format', 'terse'])).toMatchObject({ code: 0, stdout: '' })
})

// Built by `cargo test --target wasm32-unknown-unknown --no-run`, with wasm-bindgen in its version on the PATH.
const sample = process.env.EVERWARM_WASM_BINDGEN_SAMPLE

test.runIf(sample)('tests of wasm-bindgen-test run in Node, those that should panic too', async () => {
  const { stdout, code } = await at.run([sample!])
  expect(stdout).toContain('test tests::panics ... ok\n')
  expect(stdout).toContain('test tests::ignored_reason ... ignored, slow\n')
  expect(stdout).toMatch(/---- tests::fails stdout ----\nlog output:\n {4}before\n[^]*assertion `left == right` failed: not so/)
  expect(code).toBe(101)
  const one = await at.run([sample!, '--exact', 'tests::passes', '--nocapture'])
  expect(one).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining('\nrunning 1 test\ntest tests::passes ... a log\nok\n'),
  })
})

test('a path may be relative to the working directory', async () => {
  mkdirSync(join(at.folder, 'deep'))
  await writeProgram(join(at.folder, 'deep/hello.wasm'), [{ out: 'hello\n' }])
  expect((await at.run(['hello.wasm'], { cwd: join(at.folder, 'deep') })).stdout).toBe('hello\n')
})

test('a program of this machine and bundles of JavaScript are run as they are', async () => {
  symlinkSync('/bin/echo', join(at.folder, 'native-echo'))
  expect(await at.run([join(at.folder, 'native-echo'), '--exact', 'x'])).toMatchObject({ stdout: '--exact x\n', code: 0 })
  writeFileSync(
    join(at.folder, 'bundle.mjs'),
    'import { argv } from "node:process"; console.log(argv.slice(2).join()); process.exitCode = 3',
  )
  writeFileSync(join(at.folder, 'bundle.cjs'), 'console.log(require("node:path").sep)')
  expect(await at.run(['bundle.mjs', 'a', 'b'])).toMatchObject({ stdout: 'a,b\n', code: 3 })
  expect(await at.run(['bundle.cjs'])).toMatchObject({ stdout: '/\n', code: 0 })
})

test('a bundle that fails names its original file', async () => {
  const map = { version: 3, sources: ['original.ts'], names: [], mappings: 'AAAA' }
  const url = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`
  writeFileSync(join(at.folder, 'mapped.cjs'), `throw new Error('x')\n//# sourceMappingURL=${url}\n`)
  const { stderr, code } = await at.run(['mapped.cjs'])
  expect(stderr).toContain('original.ts:1')
  expect(code).toBe(1)
})

test('help and version end with 0, no input with 1', async () => {
  expect(await at.run(['--help'])).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('Usage: everwarm run') })
  expect(await at.run(['-h'])).toMatchObject({ code: 0, stderr: '' })
  expect(await at.start(process.execPath, [CLI, 'help', 'run']).ended).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Usage: everwarm run'),
  })
  for (const flag of ['-V', '--version'])
    expect(await at.run([flag])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^everwarm run \d/) })
  expect(await at.run([])).toMatchObject({ code: 1, stdout: '', stderr: 'Error: must have a file to test as first argument\n' })
})

test('what cannot be run is said: no such file, no wasm, no WASI, no wasmtime', async () => {
  const broken = join(at.folder, 'broken.wasm')
  writeFileSync(broken, '\0asm\x01\0\0\0nonsense')
  expect(await at.run([join(at.folder, 'absent.wasm')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ENVIRONMENT_UNAVAILABLE'),
  })
  expect(await at.run([broken])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is no wasm that this Node can compile'),
  })
  const good = await writeProgram(join(at.folder, 'good.wasm'), [])
  const { stderr, code } = await at.run(['--runtime', 'wasmtime', good], { env: { PATH: '/nowhere' } })
  expect({ stderr, code }).toMatchObject({ code: 1, stderr: expect.stringContaining('no wasmtime on the PATH') })
})
