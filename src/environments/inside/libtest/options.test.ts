import { expect, test } from 'vitest'
import { parseRunArgs, type RunOptions } from './options.ts'

const DEFAULTS: RunOptions = {
  runtime: 'node',
  input: 'a.wasm',
  rest: [],
  filters: [],
  skips: [],
  isExact: false,
  ignored: 'skip',
  isList: false,
  isCapturing: true,
  isShowingOutput: false,
  isFailFast: false,
  isBench: false,
  format: 'pretty',
  testThreads: undefined,
}

test.for<[string, Partial<RunOptions>]>([
  ['a.wasm', {}],
  ['a.wasm one two', { filters: ['one', 'two'] }],
  ['a.wasm --exact one --nocapture', { filters: ['one'], isExact: true, isCapturing: false }],
  ['a.wasm one --no-capture --exact --ignored', { filters: ['one'], isExact: true, isCapturing: false, ignored: 'only' }],
  ['a.wasm --include-ignored', { ignored: 'include' }],
  ['a.wasm --list --format terse --ignored', { isList: true, format: 'terse', ignored: 'only' }],
  ['a.wasm --list --format=json', { isList: true, format: 'json' }],
  ['a.wasm -q', { format: 'terse' }],
  ['a.wasm --quiet --format pretty', { format: 'pretty' }],
  ['a.wasm --skip a --skip=b --skip c', { skips: ['a', 'b', 'c'] }],
  ['a.wasm --skip --exact', { skips: ['--exact'] }],
  ['a.wasm -- --exact', { filters: ['--exact'] }],
  ['a.wasm -Zunstable-options -Z unstable-options --format json', { format: 'json' }],
  ['a.wasm --test-threads=3 --color never', { testThreads: 3 }],
  ['--nocapture a.wasm one', { isCapturing: false, filters: ['one'] }],
  ['--runtime wasmtime a.wasm', { runtime: 'wasmtime' }],
  ['a.wasm --bench --fail-fast --show-output', { isBench: true, isFailFast: true, isShowingOutput: true }],
])('"%s" is read', ([line, wanted]) => {
  const parsed = parseRunArgs(line.split(' '))
  expect(parsed).toMatchObject({ kind: 'run', options: { ...DEFAULTS, ...wanted, rest: expect.any(Array) } })
})

test('what stands behind the input is kept as it is, for programs that are no libtest', () => {
  expect(parseRunArgs(['--runtime', 'node', 'a.wasm', '--list', 'x', '--'])).toMatchObject({
    options: { rest: ['--list', 'x', '--'] },
  })
})

test.for<[Record<string, string>, Partial<RunOptions>]>([
  [{ RUST_TEST_THREADS: '1' }, { testThreads: 1 }],
  [{ RUST_TEST_NOCAPTURE: '1' }, { isCapturing: false }],
  [{ RUST_TEST_NOCAPTURE: '0' }, { isCapturing: true }],
  [{ EVERWARM_WASM_RUNTIME: 'wasmtime' }, { runtime: 'wasmtime' }],
])('the environment %j counts', ([env, wanted]) => {
  expect(parseRunArgs(['a.wasm'], env)).toMatchObject({ options: wanted })
})

test.for([
  ['', 1, 'Error: must have a file to test as first argument'],
  ['--nocapture', 1, 'Error: must have a file to test as first argument'],
  ['a.wasm --bogus', 101, "error: Unrecognized option: 'bogus'"],
  ['a.wasm -qx', 101, "error: Unrecognized option: 'x'"],
  ['a.wasm --skip', 101, "error: Argument to option 'skip' missing"],
  ['a.wasm --list=1', 101, "error: Option 'list' does not take an argument"],
  ['a.wasm --format bad', 101, 'error: argument for --format must be pretty, terse or json (was bad)'],
  ['a.wasm --ignored --include-ignored', 101, 'error: the options --include-ignored and --ignored are mutually exclusive'],
  ['a.wasm --runtime jvm', 101, 'error: argument for --runtime must be node or wasmtime (was jvm)'],
  [
    'a.wasm --test-threads 0',
    101,
    'error: argument for --test-threads must be a number > 0 (error: invalid digit found in string)',
  ],
] as const)('"%s" is refused', ([line, code, text]) => {
  expect(parseRunArgs(line === '' ? [] : line.split(' '))).toEqual({ kind: 'wrong', code, text })
})

test.for(['-h', '--help', 'a.wasm x --help', '-qh a.wasm'])('"%s" asks for help', (line) => {
  expect(parseRunArgs(line.split(' '))).toEqual({ kind: 'help' })
})

test.for(['-V', '--version', 'a.wasm --version'])('"%s" asks for the version', (line) => {
  expect(parseRunArgs(line.split(' '))).toEqual({ kind: 'version' })
})
