import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const TERMINAL = fileURLToPath(new URL('./terminal.ts', import.meta.url))

/** Runs it in a process of its own: it replaces streams of the process. */
function inProcess(code: string): unknown {
  const source = `import { standInTerminal } from ${JSON.stringify(TERMINAL)}
    import tty, { isatty } from 'node:tty'
    import { writeSync } from 'node:fs'
    const seen = []
    const peer = { write: (fd, chunk) => seen.push([fd, String(chunk)]), wantInput: () => (seen.push('wants input'), peer.onInput(Buffer.from('typed')), peer.onInput(null)), onInput() {} }
    ${code}
    writeSync(1, JSON.stringify(result))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

test('what is written before there is a client waits for it, in order', () => {
  const result = inProcess(`
    const terminal = standInTerminal([false, false, false])
    console.log('a'); process.stderr.write('b')
    terminal.attach(peer, { columns: 0, rows: 0 })
    console.log('c')
    const result = seen`)
  expect(result).toEqual([
    [1, 'a\n'],
    [2, 'b'],
    [1, 'c\n'],
  ])
})

test('streams look like those of the client', () => {
  const result = inProcess(`
    const terminal = standInTerminal([true, true, false])
    terminal.attach(peer, { columns: 80, rows: 24 })
    let resized = 0
    process.stdout.on('resize', () => (resized += 1))
    terminal.resize({ columns: 100, rows: 30 })
    const result = [isatty(0), isatty(1), isatty(2), process.stdout.isTTY, process.stderr.isTTY ?? false, process.stdin.isTTY,
      process.stdout.columns, process.stdout.getWindowSize(), process.stdout.hasColors(16, { TERM: 'xterm' }), resized]`)
  expect(result).toEqual([true, true, false, true, false, true, 100, [100, 30], true, 1])
})

test('what the client is given is read only when somebody reads', () => {
  const result = inProcess(`
    const terminal = standInTerminal([false, false, false])
    terminal.attach(peer, { columns: 0, rows: 0 })
    let text = ''
    const before = seen.length
    for await (const chunk of process.stdin) text += chunk
    const result = [before, seen, text]`)
  expect(result).toEqual([0, ['wants input'], 'typed'])
})
