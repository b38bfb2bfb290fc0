import { writeFileSync } from 'node:fs'
import wabt from 'wabt'

/** What a test of the small program does, in order; at the end it passes. */
export type Act =
  | { out: string }
  | { err: string }
  /** What a panic does on wasm: says so, and aborts. */
  | { panic: string }
  /** Returns an error: libtest itself says so, and what. */
  | { error: string }
  | { exit: number }
  | 'trap'
  | 'overflow'
  | 'loop'
  /** Prints how often it was done in this instance. */
  | 'count'
  /** Prints what stdin gives. */
  | 'echo'
  /** Prints without end. */
  | 'flood'
  /** Sleeps for ten minutes, by `poll_oneoff`. */
  | 'sleep'
  /** Calls an import that nobody has. */
  | 'missing'

export interface ProgramTest {
  name: string
  ignored?: true | string
  isShouldPanic?: true
  does?: Act[]
}

/**
 * A wasm program that behaves as a test binary of libtest for wasm32-wasip1 does when it is asked for its lists or for one test:
 * one panic ends it. Written as text, assembled by wabt.
 */
export async function writeLibtest(path: string, tests: readonly ProgramTest[]): Promise<string> {
  return writeWat(path, libtestWat(tests))
}

/** A program without libtest: does the acts and ends with 0. */
export async function writeProgram(path: string, does: Act[]): Promise<string> {
  return writeWat(path, programWat(does))
}

/** A module of wasm-bindgen-test, as far as its exports tell. */
export async function writeBindgen(path: string, exports: readonly string[]): Promise<string> {
  return writeWat(path, `(module (func $test) ${exports.map((name) => `(export "${name}" (func $test))`).join('\n')})`)
}

async function writeWat(path: string, wat: string): Promise<string> {
  const assembled = (await wabt()).parseWat(path, wat)
  writeFileSync(path, assembled.toBinary({}).buffer)
  assembled.destroy()
  return path
}

const DATA_AT = 65_536

function textTable() {
  let at = DATA_AT
  const data: string[] = []
  return {
    /** Pointer and length as operands; with a NUL behind it. */
    add(text: string): string {
      const bytes = Buffer.from(`${text}\0`)
      const escaped = [...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')
      data.push(`(data (i32.const ${at}) "${escaped}")`)
      const operands = `(i32.const ${at}) (i32.const ${bytes.length - 1})`
      at += bytes.length
      return operands
    },
    all: () => data.join('\n'),
  }
}

type Texts = ReturnType<typeof textTable>

function libtestWat(tests: readonly ProgramTest[]): string {
  const texts = textTable()
  texts.add('RUST_TEST_THREADS')
  const has = (word: string) => `(call $has ${texts.add(word)})`
  const print = (text: string) => `(call $print (i32.const 1) ${texts.add(text)})`
  const listed = tests
    .map(({ name, ignored }) => {
      const line = print(`${name}: test\n`)
      return ignored === undefined ? `(if (i32.eqz ${has('--ignored')}) (then ${line}))` : line
    })
    .join('\n')
  const run = tests.map((test) => `(if ${has(test.name)} (then ${oneTest(test, texts, has, print)}))`).join('\n')
  const body = `(if ${has('--list')} (then ${listed} (return)))\n${run}\n${print('\nrunning 0 tests\n\ntest result: ok. 0 passed\n\n')}`
  return moduleWat(body, texts)
}

function oneTest(
  { name, ignored, isShouldPanic, does = [] }: ProgramTest,
  texts: Texts,
  has: (word: string) => string,
  print: (text: string) => string,
): string {
  const result = (word: string, counts: string) => print(`${word}\n\ntest result: ok. ${counts}; finished in 0.00s\n\n`)
  const skipped = (reason: string) => `${result(`ignored${reason}`, '0 passed; 0 failed; 1 ignored')} (call $exit (i32.const 0))`
  const reason = typeof ignored === 'string' ? `, ${ignored}` : ''
  return [
    print(`\nrunning 1 test\ntest ${name}${isShouldPanic ? ' - should panic' : ''} ... `),
    ignored === undefined ? '' : `(if (i32.eqz ${has('--ignored')}) (then ${skipped(reason)}))`,
    isShouldPanic ? skipped('') : '',
    ...does.map((act) => actWat(act, texts, name)),
    result('ok', '1 passed; 0 failed; 0 ignored'),
    '(call $exit (i32.const 0))',
  ].join('\n')
}

function programWat(does: readonly Act[]): string {
  const texts = textTable()
  return moduleWat(does.map((act) => actWat(act, texts, 'main')).join('\n'), texts)
}

function actWat(act: Act, texts: Texts, name: string): string {
  const print = (fd: 1 | 2, text: string) => `(call $print (i32.const ${fd}) ${texts.add(text)})`
  if (act === 'trap') return 'unreachable'
  if (act === 'overflow') return '(call $deeper)'
  if (act === 'loop') return '(loop $again (br $again))'
  if (act === 'missing') return '(call $absent)'
  if (act === 'count') return '(call $count)'
  if (act === 'echo') return '(call $echo)'
  if (act === 'sleep') return '(call $sleep)'
  if (act === 'flood') return `(loop $again ${print(1, 'flood\n'.repeat(1_000))} (br $again))`
  if ('out' in act) return print(1, act.out)
  if ('err' in act) return print(2, act.err)
  if ('panic' in act) return `${print(2, `\nthread '${name}' panicked at src/lib.rs:1:1:\n${act.panic}\n`)} unreachable`
  if ('error' in act) {
    const failed = `FAILED\n\nfailures:\n\nfailures:\n    ${name}\n\ntest result: FAILED. 0 passed; 1 failed; finished in 0.00s\n\n`
    return `${print(2, `Error: ${JSON.stringify(act.error)}\n`)} ${print(1, failed)} (call $exit (i32.const 101))`
  }
  return `(call $exit (i32.const ${act.exit}))`
}

/** Memory: vectors and numbers below 64, what is read at 1,024, arguments from 4,096, texts from 65,536. */
function moduleWat(body: string, texts: Texts): string {
  return `(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "pthread_join" (func $absent))
  (memory (export "memory") 32)
  (global $argc (mut i32) (i32.const 0))
  (global $counted (mut i32) (i32.const 0))
  (func $same (param $a i32) (param $b i32) (result i32)
    (loop $next
      (if (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))) (then (return (i32.const 0))))
      (if (i32.eqz (i32.load8_u (local.get $a))) (then (return (i32.const 1))))
      (local.set $a (i32.add (local.get $a) (i32.const 1)))
      (local.set $b (i32.add (local.get $b) (i32.const 1)))
      (br $next))
    (i32.const 0))
  (func $has (param $word i32) (param $length i32) (result i32) (local $i i32)
    (local.set $i (i32.const 1))
    (block $none (loop $next
      (br_if $none (i32.ge_u (local.get $i) (global.get $argc)))
      (if (call $same (local.get $word) (i32.load (i32.add (i32.const 4096) (i32.mul (local.get $i) (i32.const 4)))))
        (then (return (i32.const 1))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br $next)))
    (i32.const 0))
  (func $print (param $fd i32) (param $at i32) (param $length i32)
    (i32.store (i32.const 16) (local.get $at))
    (i32.store (i32.const 20) (local.get $length))
    (drop (call $fd_write (local.get $fd) (i32.const 16) (i32.const 1) (i32.const 24))))
  (func $count
    (global.set $counted (i32.add (global.get $counted) (i32.const 1)))
    (i32.store8 (i32.const 1024) (i32.add (i32.const 48) (global.get $counted)))
    (i32.store8 (i32.const 1025) (i32.const 10))
    (call $print (i32.const 1) (i32.const 1024) (i32.const 2)))
  (func $echo
    (loop $more
      (i32.store (i32.const 32) (i32.const 1024))
      (i32.store (i32.const 36) (i32.const 256))
      (drop (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 40)))
      (if (i32.load (i32.const 40))
        (then (call $print (i32.const 1) (i32.const 1024) (i32.load (i32.const 40))) (br $more)))))
  (func $sleep
    (i64.store (i32.const 1048) (i64.const 600000000000))
    (i32.store (i32.const 1040) (i32.const 1))
    (drop (call $poll (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 44))))
  (func $deeper (call $deeper) (call $deeper))
  (func (export "_start")
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (global.set $argc (i32.load (i32.const 0)))
    (drop (call $args_get (i32.const 4096) (i32.const 12288)))
    ${body})
  ${texts.all()})`
}
