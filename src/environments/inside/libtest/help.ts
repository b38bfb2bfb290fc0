/** What `everwarm run --help` prints. */
export const RUN_HELP = `Usage: everwarm run [--runtime node|wasmtime] INPUT [FILTERS...] [OPTIONS]

Runs a test binary as cargo's runner: wasm in a warm instance of its own for each
test, a bundle of JavaScript in Node, a program of this machine as it is.

Options:
        --include-ignored   Run ignored and not ignored tests
        --ignored           Run only ignored tests
        --nocapture         Print what tests print as they do it
        --list              List all tests and benchmarks
        --exact             Exactly match filters rather than by substring
        --skip FILTER       Skip tests whose names contain FILTER (this flag can
                            be used multiple times)
        --format pretty|terse|json
                            Configure formatting of output
    -q, --quiet             Display one character per test instead of one line.
                            Alias to --format=terse
        --show-output       Show captured stdout of successful tests
        --fail-fast         Don't start new tests after the first failure
        --test-threads N    Number of tests that run in parallel
        --runtime node|wasmtime
                            What runs wasm; EVERWARM_WASM_RUNTIME says it too
    -h, --help              Display this message
    -V, --version           Display the version
`

export const runVersion = (version: string): string => `everwarm run ${version}\n`
