/** How a libtest binary was called; `parseRunArgs` makes it of a command line. */
export interface RunOptions {
  /** What runs wasm. */
  runtime: 'node' | 'wasmtime'
  /** The test binary, as given. */
  input: string
  /** All that stood behind the input: what a program that is no libtest gets. */
  rest: string[]
  filters: string[]
  skips: string[]
  isExact: boolean
  ignored: 'skip' | 'only' | 'include'
  isList: boolean
  isCapturing: boolean
  isShowingOutput: boolean
  isFailFast: boolean
  /** Passed inward: benchmarks measure themselves. */
  isBench: boolean
  format: 'pretty' | 'terse' | 'json'
  /** undefined: as many as there is room for. */
  testThreads: number | undefined
}

export type Parsed =
  | { kind: 'run'; options: RunOptions }
  | { kind: 'help' }
  | { kind: 'version' }
  /** `text` without a line end, for stderr. */
  | { kind: 'wrong'; code: number; text: string }

/** What libtest knows, and whether a value follows. Those without an effect here are there to be accepted. */
const OPTIONS: Record<string, 'flag' | 'value'> = {
  'include-ignored': 'flag',
  ignored: 'flag',
  nocapture: 'flag',
  'no-capture': 'flag',
  list: 'flag',
  exact: 'flag',
  quiet: 'flag',
  'show-output': 'flag',
  'fail-fast': 'flag',
  bench: 'flag',
  test: 'flag',
  help: 'flag',
  version: 'flag',
  shuffle: 'flag',
  'force-run-in-process': 'flag',
  'exclude-should-panic': 'flag',
  'report-time': 'flag',
  'ensure-time': 'flag',
  skip: 'value',
  format: 'value',
  color: 'value',
  'test-threads': 'value',
  'shuffle-seed': 'value',
  logfile: 'value',
  runtime: 'value',
  Z: 'value',
}
const SHORT: Record<string, string> = { q: 'quiet', h: 'help', V: 'version', Z: 'Z' }
const FORMATS: readonly string[] = ['pretty', 'terse', 'json']

/**
 * Reads `[--runtime R] INPUT [FILTER…] [options]`, in any order, as libtest's own getopts does.
 * @param env `RUST_TEST_THREADS` and `RUST_TEST_NOCAPTURE` count, as in libtest; `EVERWARM_WASM_RUNTIME` where no option says another
 */
export function parseRunArgs(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Parsed {
  const given = split(args)
  if ('wrong' in given) return wrong(given.wrong)
  const { words, values, inputAt } = given
  const has = (name: string) => values.has(name)
  if (has('version')) return { kind: 'version' }
  const [input, ...filters] = words
  if (has('help')) return { kind: 'help' }
  if (input === undefined) return { kind: 'wrong', code: 1, text: 'Error: must have a file to test as first argument' }
  if (has('ignored') && has('include-ignored')) return wrong('the options --include-ignored and --ignored are mutually exclusive')
  const format = values.get('format')?.at(-1) ?? (has('quiet') ? 'terse' : 'pretty')
  if (!FORMATS.includes(format)) return wrong(`argument for --format must be pretty, terse or json (was ${format})`)
  const threads = values.get('test-threads')?.at(-1) ?? env.RUST_TEST_THREADS
  if (threads !== undefined && !(Number(threads) > 0 && /^\d+$/.test(threads)))
    return wrong('argument for --test-threads must be a number > 0 (error: invalid digit found in string)')
  const runtime = values.get('runtime')?.at(-1) ?? env.EVERWARM_WASM_RUNTIME ?? 'node'
  if (runtime !== 'node' && runtime !== 'wasmtime')
    return wrong(`argument for --runtime must be node or wasmtime (was ${runtime})`)
  const isLoud = has('nocapture') || has('no-capture') || (env.RUST_TEST_NOCAPTURE ?? '0') !== '0'
  return {
    kind: 'run',
    options: {
      runtime,
      input,
      rest: args.slice(inputAt + 1),
      filters,
      skips: values.get('skip') ?? [],
      isExact: has('exact'),
      ignored: has('ignored') ? 'only' : has('include-ignored') ? 'include' : 'skip',
      isList: has('list'),
      isCapturing: !isLoud,
      isShowingOutput: has('show-output'),
      isFailFast: has('fail-fast'),
      isBench: has('bench'),
      format: format as RunOptions['format'],
      testThreads: threads === undefined ? undefined : Number(threads),
    },
  }
}

interface Split {
  words: string[]
  values: Map<string, string[]>
  inputAt: number
}

function split(args: readonly string[]): Split | { wrong: string } {
  const found: Split = { words: [], values: new Map(), inputAt: args.length }
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i]!
    if (arg === '--') {
      for (const [n, word] of args.slice(i + 1).entries()) addWord(found, word, i + 1 + n)
      break
    }
    if (!arg.startsWith('-') || arg === '-') {
      addWord(found, arg, i)
      continue
    }
    const [, long, inline] = /^--([^=]+)(?:=(.*))?$/s.exec(arg) ?? []
    const name = long ?? SHORT[arg[1]!]
    const shown = long ?? arg[1]!
    const kind = name === undefined ? undefined : OPTIONS[name]
    if (name === undefined || kind === undefined) return { wrong: `Unrecognized option: '${shown}'` }
    let value = inline ?? (long === undefined && arg.length > 2 ? arg.slice(2) : undefined)
    if (kind === 'flag' && value !== undefined) {
      if (long !== undefined) return { wrong: `Option '${shown}' does not take an argument` }
      // -qh: each letter for itself
      const others = [...value].map((letter) => SHORT[letter])
      const strange = [...value].find((letter) => SHORT[letter] === undefined)
      if (strange) return { wrong: `Unrecognized option: '${strange}'` }
      for (const other of others) found.values.set(other!, [])
    }
    if (kind === 'value' && value === undefined) value = args[(i += 1)]
    if (kind === 'value' && value === undefined) return { wrong: `Argument to option '${shown}' missing` }
    found.values.set(name, [...(found.values.get(name) ?? []), ...(kind === 'value' ? [value!] : [])])
  }
  return found
}

function addWord(found: Split, word: string, at: number): void {
  if (found.words.length === 0) found.inputAt = at
  found.words.push(word)
}

/** libtest ends with 101 for what it cannot read. */
function wrong(text: string): Parsed {
  return { kind: 'wrong', code: 101, text: `error: ${text}` }
}
