import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CLI, type WasmHouse, wasmHouse } from './wasm-house.ts'

// With a real cargo for wasm32-wasip1: rustup's target, or what EVERWARM_WASM_CARGO names, a script that takes cargo's arguments.
const TARGET = 'wasm32-wasip1'
const cargo = process.env.EVERWARM_WASM_CARGO ?? (hasTarget() ? 'cargo' : undefined)

function hasTarget(): boolean {
  const { stdout } = spawnSync('rustc', ['--print', 'target-libdir', '--target', TARGET], { encoding: 'utf8' })
  return typeof stdout === 'string' && existsSync(stdout.trim())
}

const LIB = `
/// \`\`\`
/// assert_eq!(sample::two(), 2);
/// \`\`\`
pub fn two() -> i32 { 2 }
/// \`\`\`
/// assert_eq!(sample::three(), 4);
/// \`\`\`
pub fn three() -> i32 { 3 }

#[cfg(test)]
mod tests {
    #[test] fn fails() { println!("before"); assert_eq!(super::two(), 3, "not so") }
    #[test] fn passes() { assert_eq!(super::two(), 2) }
    #[test] #[ignore = "slow"] fn slow() {}
    #[test] #[should_panic] fn panics() { panic!() }
    #[test] fn reads_its_files() {
        assert!(std::fs::read_to_string("Cargo.toml").unwrap().contains("sample"));
        assert!(std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).is_ok());
        assert!(std::fs::read_to_string("../secret").is_err());
    }
    #[test] fn has_its_environment() { assert_eq!(std::env::var("SAMPLE").unwrap(), "given") }
}
`

let at: WasmHouse
let crate: string

beforeAll(async () => {
  if (!cargo) return
  at = await wasmHouse()
  crate = join(at.folder, 'sample')
  mkdirSync(join(crate, 'src'), { recursive: true })
  writeFileSync(join(at.folder, 'secret'), '')
  writeFileSync(join(crate, 'Cargo.toml'), '[package]\nname = "sample"\nversion = "0.1.0"\nedition = "2021"\n')
  writeFileSync(join(crate, 'src/lib.rs'), LIB)
})
afterAll(() => at?.close())

function cargoTest(runner: string, ...args: string[]) {
  const env = {
    HOME: process.env.HOME ?? '',
    SAMPLE: 'given',
    RUST_BACKTRACE: '0',
    CARGO_TERM_COLOR: 'never',
    CARGO_TARGET_WASM32_WASIP1_RUNNER: runner,
  }
  return at.start(cargo!, ['test', '--target', TARGET, ...args], { cwd: crate, env }).ended
}

test.runIf(cargo)(
  'cargo test runs all tests of a binary, those after a panic too',
  async () => {
    const { stdout, stderr, code } = await cargoTest(`${at.client} run`, '--lib')
    expect(stdout.replace(/finished in .*/, '')).toBe(`
running 6 tests
test tests::fails ... FAILED
test tests::has_its_environment ... ok
test tests::panics - should panic ... ignored
test tests::passes ... ok
test tests::reads_its_files ... ok
test tests::slow ... ignored, slow

failures:

---- tests::fails stdout ----
before
${/\nthread 'main' .*\nassertion `left == right` failed: not so\n.*\n.*\n.*\n/.exec(stdout)?.[0] ?? 'no panic'}

failures:
    tests::fails

test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; 

`)
    expect(stderr).toContain('tests::panics is marked #[should_panic]')
    expect(code).toBe(101)
  },
  300_000,
)

test.runIf(cargo)(
  'doctests go through the runner as plain programs, whose exit code counts',
  async () => {
    const { stdout, code } = await cargoTest(`${at.client} run`, '--doc')
    expect(stdout).toMatch(/test src\/lib\.rs - two \(line 2\) \.\.\. ok/)
    expect(stdout).toMatch(/test src\/lib\.rs - three \(line 6\) \.\.\. FAILED/)
    expect(stdout).toContain('test result: FAILED. 1 passed; 1 failed;')
    expect(code).toBe(101)
  },
  300_000,
)

test.runIf(cargo)(
  'the Node client, and no daemon at all, print the same',
  async () => {
    const args = ['--lib', '--', '--skip', 'fails']
    const small = await cargoTest(`${at.client} run`, ...args)
    const plain = (text: string) => text.replace(/finished in .*/, '')
    const node = await cargoTest(`${process.execPath} ${CLI} run`, ...args)
    expect(plain(node.stdout)).toBe(plain(small.stdout))
    writeFileSync(join(at.folder, 'cold.sh'), `#!/bin/sh\nEVERWARM=0 exec '${at.client}' run "$@"\n`, { mode: 0o755 })
    const cold = await cargoTest(join(at.folder, 'cold.sh'), ...args)
    expect(plain(cold.stdout)).toBe(plain(small.stdout))
    expect([small.code, node.code, cold.code]).toEqual([0, 0, 0])
  },
  300_000,
)
