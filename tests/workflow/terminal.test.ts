import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { WorkflowHappening } from '../../src/contracts/workflow/events.ts'
import { fakeClock } from '../../src/system/fake-clock.ts'
import type { Paint } from '../../src/system/log.ts'
import { applyEvent } from '../../src/workflow/terminal/apply-event.ts'
import { liveRenderer } from '../../src/workflow/terminal/live.ts'
import { plainRenderer } from '../../src/workflow/terminal/plain.ts'
import { newRunView } from '../../src/workflow/terminal/run-view.ts'
import { cut, neutral, paintLine, plainText, widthOf } from '../../src/workflow/terminal/spans.ts'
import { summaryLines } from '../../src/workflow/terminal/summary-lines.ts'
import { treeLines } from '../../src/workflow/terminal/tree-lines.ts'
import { unitTree } from '../../src/workflow/engine/unit-report.ts'
import { clockText, tookText, workersText } from '../../src/workflow/terminal/wording.ts'
import { readPlan } from './read.ts'
import { HALF, said, status, stream, TREE, WHOLE, worker, WORKER } from './stream.ts'

const same = (text: string) => text
const paint: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same }

function viewOf(happenings: readonly WorkflowHappening[]) {
  const view = newRunView()
  for (const event of stream(happenings)) applyEvent(view, event)
  return view
}

const tree = (happenings: readonly WorkflowHappening[], rows = 50) => {
  const view = viewOf(happenings)
  return `\n${treeLines(view, view.nowMs, rows).map(plainText).join('\n')}\n`
}

test('the tree shows what runs, how far it is, and the last line of its output', () => {
  expect(tree(HALF)).toBe(`
unit-tests  running  0:31  w1
  ✓ Install  2.1 s
  ● Tests  0:22
    ✓ db 0  ready 127.0.0.1:5432
    1/4 done, 1 running, 1 failed  (4 workers, 2 at a time)
      ● #1 firefox  Run 0:01  red x
  ○ Report
`)
})

test('where there is too little room, what is over gives way first and a line says so', () => {
  expect(tree(HALF, 5)).toBe(`
unit-tests  running  0:31  w1
  ● Tests  0:22
    1/4 done, 1 running, 1 failed  (4 workers, 2 at a time)
      ● #1 firefox  Run 0:01  red x
  3 more lines
`)
})

test('the summary has the output of what failed, and the numbers', () => {
  const lines = summaryLines(viewOf(WHOLE), { folder: '/x/w1', artifacts: '/x/w1/artifacts' })
  expect(`\n${lines.map(plainText).join('\n')}\n`).toBe(`
✗ Tests #0 chromium: Run  exit code 1
  │ expected 1 to be 2

✗ unit-tests failed  0:45
  steps       1 passed, 1 failed, 1 skipped
  workers     1 passed, 1 failed
  their steps 1 passed, 1 failed
  artifacts   1 file, 2.0 kB, /x/w1/artifacts
  reports     1 file: 12 tests, 1 failed, 2 skipped
  files       /x/w1
`)
})

test('plain lines say each change, and whose output it is where several run', () => {
  const lines: string[] = []
  const renderer = plainRenderer({ print: (line) => lines.push(line), paint })
  for (const event of stream(WHOLE)) renderer.hear(event, '')
  expect(`\n${lines.join('\n')}\n`).toBe(`
unit-tests running  w1
● Install
added 120 packages
found 0 vulnerabilities
✓ Install  2.1 s
● Tests
db 0: running 127.0.0.1:5432
db 0: ready 127.0.0.1:5432
  4 workers, 2 at a time
[Tests #0 chromium] ● running
[Tests #0 chromium] expected 1 to be 2
[Tests #0 chromium] ✗ Run  failed, exit code 1, 3.0 s
[Tests #0 chromium] ✗ failed 3.2 s
[Tests #1 firefox] ● running
[Tests #1 firefox] progress 10%progress 20%red x
[Tests #1 firefox] ✓ passed 4.0 s
db 0: stopped
✗ Tests  failed, 10.0 s
– Report
unit-tests failed  w1
`)
})

test('a step that passed at last, is turned round or is optional has not failed', () => {
  const begin: WorkflowHappening[] = [{ type: 'unit', unit: '', root: TREE }, ...status('', 'r0 r1 r2', 'running')]
  const failed = status('', 'r1 r2', 'failed', { exitCode: 1 })
  expect([...viewOf([...begin, ...failed]).failures.values()]).toMatchObject([{ title: 'Install', exitCode: 1 }])
  const again = status('', 'r1', 'running', { attempt: 2 })
  expect(viewOf([...begin, ...failed, ...again]).failures.size).toBe(0)
  expect(viewOf([...begin, ...status('', 'r1', 'passed'), ...status('', 'r2', 'failed')]).failures.size).toBe(0)
  const optional = { ...TREE, children: TREE.children!.map((child) => ({ ...child, isOptional: true })) }
  expect(viewOf([{ type: 'unit', unit: '', root: optional }, ...failed]).failures.size).toBe(0)
})

const ended = (error: object | undefined, ...more: WorkflowHappening[]) => [
  { type: 'unit', unit: '', root: TREE, log: 'logs/main.log' } as const,
  ...status('', 'r0 r1 r2', 'running'),
  ...more,
  ...(error ? [{ type: 'error', unit: '', ref: 'r2', error } as WorkflowHappening] : []),
  ...status('', 'r2', 'failed', { exitCode: 2, durationMs: 5 }),
  ...status('', 'r1', 'failed', { durationMs: 6 }),
]
const plain = (happenings: readonly WorkflowHappening[]) => {
  const lines: string[] = []
  const renderer = plainRenderer({ print: (line) => lines.push(line), paint })
  for (const event of stream(happenings)) renderer.hear(event, '')
  return lines
}
const CAUSE = { code: 'CLONE_FAILED', message: 'ci.yaml:3:4: content.git of "Install": gone.', hint: 'Look.' }

test('what failed says its cause, its place and where its log is, as an error and in the summary', () => {
  const events = ended(CAUSE, said('', 'r2', 'red\n'))
  expect(plain(events).slice(-3)).toEqual([
    'red',
    'error: ci.yaml:3:4: content.git of "Install": gone. Look.',
    '✗ Install  failed, exit code 2, 6 ms, logs/main.log',
  ])
  expect(tree(events)).toContain(`
  ✗ Install  6 ms, exit code 2
    ci.yaml:3:4: content.git of "Install": gone.
`)
  expect(summaryLines(viewOf(events), { folder: '/x' }).map(plainText).slice(0, 5)).toEqual([
    '✗ Install  exit code 2',
    '  CLONE_FAILED: ci.yaml:3:4: content.git of "Install": gone.',
    '  Look.',
    '  │ red',
    '  /x/logs/main.log',
  ])
  // A second attempt has nothing of it.
  expect(viewOf([...events, ...status('', 'r1 r2', 'running', { attempt: 2 })]).steps.failed).toBe(0)
})

test('what failed behind the first failure stands in one line, and who shows more is named', () => {
  const view = viewOf([
    ...ended(CAUSE),
    ...status('', 'r3 r5', 'running'),
    ...status('', 'r5 r3', 'failed'),
    { type: 'execution', id: 'w1', workflow: 'x', status: 'failed', error: CAUSE as never },
  ])
  expect(summaryLines(view, {}).map(plainText)).toEqual([
    '✗ Install  exit code 2',
    '  CLONE_FAILED: ci.yaml:3:4: content.git of "Install": gone.',
    '  Look.',
    '',
    'What ran all the same, and failed, too:',
    '✗ Tests  failed',
    '',
    '✗ x failed  0:11',
    '  steps       2 failed',
  ])
  const worker = view.failures.values().next().value!
  for (let i = 0; i < 12; i++) view.failures.set(`${i}`, { ...worker, unit: `r5.${i}`, serial: 0, title: `#${i}` })
  expect(summaryLines(view, {}).map(plainText)).toContain('and 3 failed steps more: everwarm workflow status w1 --json')
})

test('a negative step that passed, one that is optional and one in which all was skipped say so', () => {
  const one = (more: object, inner: 'passed' | 'failed' | 'skipped', outer: 'passed' | 'failed') => {
    const root = { ...TREE, children: [{ ...TREE.children![0]!, ...more }] }
    const events = [
      { type: 'unit', unit: '', root } as WorkflowHappening,
      ...status('', 'r1', 'running'),
      ...status('', 'r2', inner),
      ...status('', 'r1', outer),
    ]
    return [plain(events).at(-1), tree(events).split('\n')[2]]
  }
  expect(one({ isNegative: true }, 'passed', 'failed')).toEqual([
    '✗ Install  failed, it passed, but is negative',
    '  ✗ Install  it passed, but is negative',
  ])
  expect(one({ isOptional: true }, 'failed', 'failed')).toEqual(['✗ Install  failed, optional', '  ✗ Install  optional'])
  expect(one({}, 'skipped', 'passed')).toEqual(['– Install  all in it was skipped', '  – Install  all in it was skipped'])
})

test('services that fail are called by their names', () => {
  const service = (more: object) => ({ type: 'service', unit: '', ref: 'r4', name: 'db', index: 0, ...more }) as WorkflowHappening
  const view = viewOf([
    { type: 'unit', unit: '', root: TREE },
    ...status('', 'r3 r4', 'running'),
    service({ status: 'running' }),
    service({ status: 'failed', message: 'x' }),
    ...status('', 'r4', 'failed', { exitCode: 1 }),
    service({ ref: 'r6', status: 'stopped' }),
    ...status('', 'r3', 'failed'),
  ])
  expect(summaryLines(view, {}).map(plainText)[0]).toBe('✗ Tests: service db  exit code 1')
  expect(view.failures.size).toBe(1)
})

test('one that waits for its turn says behind whom', () => {
  const waits = { group: 'group deploy', behind: ['w0'] }
  const queued: WorkflowHappening[] = [{ type: 'execution', id: 'w1', workflow: 'x', status: 'queued', waits }]
  expect(plain(queued)).toEqual(['  waits in the line of group deploy, behind w0'])
  expect(tree(queued)).toContain('\n  waits in the line of group deploy, behind w0\n')
  expect(tree([...queued, { type: 'execution', id: 'w1', workflow: 'x', status: 'running' }])).not.toContain('waits')
})

test('a long description leaves room for what a worker does', () => {
  const long = HALF.map((event) =>
    event.type === 'unit' && event.unit === 'r5.1' ? { ...event, description: 'firefox on a very large machine' } : event,
  )
  const view = viewOf(long)
  const line = treeLines(view, view.nowMs, 50).find((each) => plainText(each).includes('#1'))!
  expect(paintLine(line, 48, paint)).toBe('      ● #1 firefox on a…  Run 0:01  red x')
  expect(paintLine(line, 100, paint)).toContain('firefox on a very large machine  Run')
})

test('what was aborted is shown only where nothing else explains the end', () => {
  const begin: WorkflowHappening[] = [{ type: 'unit', unit: '', root: TREE }, ...status('', 'r0 r1 r2', 'running')]
  const shown = (...more: WorkflowHappening[]) =>
    summaryLines(viewOf([...begin, ...status('', 'r1 r2', 'aborted'), ...more]), {}).map(plainText)
  expect(shown()[0]).toContain('Install  aborted')
  expect(shown(...status('', 'r3 r5', 'failed'))[0]).toContain('Tests  failed')
  expect(shown({ type: 'execution', id: 'w1', workflow: 'x', status: 'canceled' })[0]).toContain('x canceled')
})

test('where a terminal is narrow a title gives way before its time does', () => {
  const long = viewOf([{ ...HALF[0]!, workflow: 'a-workflow-with-a-long-name' } as WorkflowHappening, ...HALF.slice(1)])
  expect(paintLine(treeLines(long, long.nowMs, 3)[0]!, 30, paint)).toBe('a-workflow…  running  0:31  w1')
  expect(paintLine(treeLines(long, long.nowMs, 3)[0]!, 12, paint)).toBe('a-workflo… …')
})

test('what is paused says so, and once how it goes on', () => {
  const paused: WorkflowHappening[] = [
    ...HALF,
    ...status('r5.1', 'r1', 'paused'),
    { type: 'execution', id: 'w1', workflow: 'unit-tests', status: 'paused' },
  ]
  expect(tree(paused)).toContain(`
unit-tests  paused  0:33  w1
  goes on with: everwarm workflow resume w1
`)
  expect(tree(paused)).toContain(`
    1/4 done, 1 paused, 1 failed  (4 workers, 2 at a time)
      ‖ #1 firefox  Run 0:03  red x
`)
  expect(viewOf(paused).workers).toMatchObject({ running: 0, paused: 1 })
  expect(viewOf([...paused, ...status('r5.1', 'r1', 'running')]).workers).toMatchObject({ running: 1, paused: 0 })
  const lines: string[] = []
  const renderer = plainRenderer({ print: (line) => lines.push(line), paint })
  for (const event of stream(paused)) renderer.hear(event, '')
  expect(lines.slice(-3)).toEqual([
    '[Tests #1 firefox] ‖ Run  paused',
    'unit-tests paused  w1',
    '  goes on with: everwarm workflow resume w1',
  ])
})

test('steps without a name are called by what they do or where they stand, in events as in all lines', () => {
  const { root } = readPlan(`
setup: [{ shell: a }]
steps:
  - name: Build
    shell: b
    steps: [{ shell: c }, { shell: d, artifacts: { paths: [x] } }, { run: { command: [e] } }, { steps: [{ shell: f }, { name: Last, shell: g }] }]
`)
  const events = stream([
    { type: 'unit', unit: '', root: unitTree(root) },
    ...status('', 'r1 r3 r5 r7 r10 r12 r13 r15', 'running'),
  ])
  const lines: string[] = []
  const renderer = plainRenderer({ print: (line) => lines.push(line), paint })
  for (const event of events) renderer.hear(event, '')
  expect(lines).toEqual([
    '● shell',
    '● Build',
    '● Build › step 1',
    '● Build › step 2',
    '● Build › run',
    '● Build › step 4',
    '● Build › step 4 › shell',
    '● Last',
  ])
  expect(JSON.stringify(events[0])).toContain('"title":"Build › step 4 › shell"')
})

test('words follow the numbers', () => {
  expect([1, 2, 8].map((count) => workersText(count, 1))).toEqual([
    '1 worker',
    '2 workers, one after the other',
    '8 workers, one after the other',
  ])
  expect([workersText(8, 4), workersText(8, 1_000), workersText(0, 4), workersText(1_000, 8)]).toEqual([
    '8 workers, 4 at a time',
    '8 workers at the same time',
    '0 workers',
    '1,000 workers, 8 at a time',
  ])
  expect([clockText(7_900), clockText(3_723_000), tookText(3), tookText(1_250), tookText(125_000)]).toEqual([
    '0:07',
    '1:02:03',
    '3 ms',
    '1.3 s',
    '2:05',
  ])
})

const anyCharacters = fc
  .array(fc.oneof(fc.nat(0x2fff), fc.nat(0x10ffff)), { maxLength: 30 })
  .map((codes) => String.fromCodePoint(...codes))

test('nothing of a text can move, colour or name a terminal, and it never gets wider than it may', () => {
  fc.assert(
    fc.property(anyCharacters, fc.nat(40), (text, columns) => {
      const shown = cut(neutral(text), columns)
      // oxlint-disable-next-line no-control-regex
      expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/)
      expect(widthOf(shown)).toBeLessThanOrEqual(columns)
    }),
  )
  expect([widthOf('日本'), widthOf('é'), cut('日本語', 4), cut('abc', 3)]).toEqual([4, 1, '日…', 'abc'])
})

function terminal(columns: number, rows: number) {
  const clock = fakeClock()
  const written: string[] = []
  const size = { columns, rows }
  let resized = () => {}
  const screen = {
    size: () => size,
    write: (text: string) => void written.push(text),
    onResize: (listener: () => void) => ((resized = listener), () => {}),
  }
  const renderer = liveRenderer({ screen, paint, clock, wallMs: () => Date.UTC(2026, 0, 1) + clock.now() })
  return { clock, written, renderer, resize: (to: number) => ((size.columns = to), resized()) }
}

test('there are ten frames a second at most, and one a second where nothing happens', () => {
  const { clock, written, renderer } = terminal(80, 24)
  const events = stream(HALF)
  for (const event of events) {
    renderer.hear(event, '')
    clock.advance(10)
  }
  expect(written.length - 1).toBeLessThanOrEqual(Math.ceil((events.length * 10) / 100) + 1)
  clock.advance(100)
  const before = written.length
  clock.advance(5_000)
  expect(written.length - before).toBe(5)
  renderer.end({})
  expect([clock.waiting(), written.at(-1)!.endsWith('\u001b[?25h')]).toEqual([0, true])
})

test('a frame goes up over the one before it, also when the terminal has become narrower meanwhile', () => {
  const { clock, written, renderer, resize } = terminal(80, 24)
  for (const event of stream(HALF)) renderer.hear(event, '')
  clock.advance(100)
  expect(written[1]!.split('\n')).toHaveLength(8)
  resize(30)
  clock.advance(100)
  const [up, start] = written[2]!.split('A\r')
  expect([up!.slice(0, 2), start!.startsWith('unit-tests')]).toEqual(['\u001b[', true])
  const rows = Number(up!.slice(2))
  expect(rows).toBeGreaterThan(7)
  for (const line of neutral(written[2]!.replaceAll('\n', ' '.repeat(30))).split(' '.repeat(30)))
    expect(widthOf(line)).toBeLessThan(30)
})

test('a thousand workers cost less than 0.1 ms of CPU per event', () => {
  const happenings: WorkflowHappening[] = [
    ...HALF.slice(0, 14),
    { type: 'workers', unit: '', ref: 'r5', count: 1_000, parallelism: 1_000 },
  ]
  for (let i = 0; i < 1_000; i++)
    happenings.push(
      worker(i, 'running'),
      { type: 'unit', unit: `r5.${i}`, root: WORKER },
      ...status(`r5.${i}`, 'r0 r1 r2', 'running'),
    )
  for (let i = 0; i < 1_000; i++)
    happenings.push({ type: 'output', unit: `r5.${i}`, ref: 'r2', stream: 'stdout', text: 'a line\n' })
  for (let i = 0; i < 1_000; i++)
    happenings.push(...status(`r5.${i}`, 'r2 r1 r0', 'failed', { exitCode: 1 }), worker(i, 'failed'))
  const events = stream(happenings)
  const { clock, renderer } = terminal(120, 40)
  const before = process.cpuUsage()
  for (const event of events) {
    renderer.hear(event, '')
    clock.advance(1)
  }
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1_000 / events.length).toBeLessThan(0.1)
})
