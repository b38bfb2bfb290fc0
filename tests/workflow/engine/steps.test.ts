import { expect, test } from 'vitest'
import { fakeClock } from '../../../src/system/fake-clock.ts'
import { begin, outputOf, run, statusesOf } from './house.ts'

test('commands run in order with their environment, and a failure skips what comes after it', async () => {
  const { result, output, statuses } = await run(`
container: { env: [{ name: WHO, value: outer }, { name: BOTH, value: '{{ env.WHO }}-x' }] }
steps:
  - { name: a, shell: 'echo "$WHO $BOTH $CI"' }
  - { name: b, container: { env: [{ name: WHO, value: inner }] }, run: { command: [sh, -c, 'echo {{ env.WHO }} $WHO; exit 3'] } }
  - { name: c, shell: echo never }
  - { name: d, condition: always, shell: 'echo {{ step.b.exitCode }} {{ step.b.status }}' }
`)
  expect(output).toBe('outer outer-x 1\ninner inner\n3 failed\n')
  expect(statuses).toEqual({ a: 'passed', b: 'failed', c: 'skipped', d: 'passed' })
  expect(result).toMatchObject({ status: 'failed', exitCode: 1 })
})

test('nothing of the caller is in the environment but what every program needs', async () => {
  process.env['EVERWARM_MARKER_OF_CALLER'] = 'leak'
  const { output } = await run(`steps: [{ shell: env }]`)
  delete process.env['EVERWARM_MARKER_OF_CALLER']
  expect(output).not.toMatch(/leak|EVERWARM_(?!HOME|CACHE)|VITEST/)
  expect(output).toContain('PATH=')
})

test('what a step leaves in its outputs is read by others, and is gone with the next attempt', async () => {
  const { output, result } = await run(`
steps:
  - name: make
    retry: { count: 1 }
    steps:
      - { id: first, shell: 'echo " one " > $WORKFLOW_OUTPUTS/key; echo x > $WORKFLOW_OUTPUTS/.hidden' }
      - { shell: 'test -e again || { touch again; exit 1; }' }
  - { shell: 'echo {{ step.first.outputs.key }}/{{ step.make.outputs.key }}/{{ len(step.first.outputs) }}' }
`)
  expect(result.status).toBe('passed')
  expect(output).toBe('one//1\n')
})

test('each attempt begins without the outputs of the last one', async () => {
  const { output } = await run(`
steps:
  - { id: a, retry: { count: 2, until: 'passed && output.n == 2' }, shell: 'echo x >>n; echo $(wc -l <n) >"$WORKFLOW_OUTPUTS/n"; echo v >"$WORKFLOW_OUTPUTS/in$(wc -l <n)"' }
  - { shell: "echo '{{ tojson(step.a.outputs) }} {{ tojson(output) }}'" }
`)
  expect(output).toBe('{"in2":"v","n":"2"} {"in2":"v","n":"2"}\n')
})

test('a variable is used by others whatever stands where, and one that speaks of itself means that outside', async () => {
  const { output } = await run(`
container: { env: [{ name: A, value: one }, { name: URL, value: 'http://{{ env.A }}/{{ env.LATE }}' }, { name: LATE, value: z }] }
steps:
  - { container: { env: [{ name: A, value: two }] }, shell: 'echo $URL' }
  - { container: { env: [{ name: A, value: '{{ env.A }}+' }] }, shell: 'echo $A $URL' }
  - parallel: { container: { env: [{ name: A, value: three }] }, shell: 'echo $URL' }
`)
  expect(output).toBe('http://two/z\none+ http://one+/z\nhttp://three/z\n')
})

test('a command says outputs in lines of their own, which are no output', async () => {
  const { output } = await run(String.raw`
steps:
  - { id: a, run: { command: [printf, 'one\n\001\005ref\003version\004"1.2"\003\ntwo\n'] } }
  - { shell: 'echo {{ step.a.outputs.version }} {{ output.version }}' }
  - { run: { command: [printf, '\001\005\006ref\003services.db\004[{"ip":"10.0.0.1"}]\003\n'] } }
  - { shell: 'echo {{ services.db.0.ip }}' }
`)
  expect(output).toBe('one\ntwo\n1.2 1.2\n10.0.0.1\n')
})

test('a timeout ends the whole tree of a command, and a retry begins anew', async () => {
  const { statuses, output, events } = await run(`
steps:
  - name: slow
    timeout: 300ms
    retry: { count: 1 }
    shell: 'echo begun; sleep 100 & sleep 100'
  - { name: after, condition: always, shell: echo after }
`)
  expect(statuses).toEqual({ slow: 'timeout', after: 'passed' })
  expect(output).toBe('begun\nbegun\nafter\n')
  expect(events.filter((event) => event.type === 'step' && event.status === 'timeout').length).toBeGreaterThan(1)
}, 30_000)

test('files are written, and expressions read them where the step runs', async () => {
  const { output } = await run(`
content: { files: [{ path: a/one.txt, content: '1' }, { path: a/two.txt, content: '{{ config.word }}', mode: 0o755 }] }
config: { word: { default: two } }
steps:
  - { shell: 'cat a/two.txt; test -x a/two.txt && echo " x"' }
  - { shell: 'echo {{ len(glob("a/*.txt")) }} {{ file("a/one.txt") }} {{ relpath(at(glob("**/two.txt"), 0)) }}' }
  - { condition: 'file("a/one.txt") == "1"', shell: echo yes }
`)
  expect(output).toBe('two x\n2 1 a/two.txt\nyes\n')
})

test('an unknown name is an error of the input that says where', async () => {
  const { result, events } = await run(`steps: [{ name: a, shell: 'echo {{ nowhere.x }}' }]`)
  expect(result).toMatchObject({ status: 'failed', exitCode: 155, error: { code: 'EXPRESSION_UNRESOLVED' } })
  expect(JSON.stringify(events)).toContain('nowhere.x')
})

test('a step is stopped and goes on, and its pause is no time of it', async () => {
  const { running, heard, events } = await begin(`
steps: [{ name: a, timeout: 20s, shell: 'echo begun; i=0; while [ ! -e go ]; do sleep 0.05; done; echo gone' }, { shell: 'true' }]
`)
  await heard((event) => event.type === 'output')
  running.pause()
  await heard((event) => event.type === 'step' && event.status === 'paused')
  expect(running.resume()).toEqual({ resumed: 1 })
  await heard(
    (event) =>
      event.type === 'step' && event.status === 'running' && events.some((e) => e.type === 'step' && e.status === 'paused'),
  )
  running.cancel('enough')
  expect(await running.ended).toMatchObject({ status: 'canceled', exitCode: 137 })
}, 30_000)

test('a pause before anything can be stopped stops what comes next, in workers that are still to come, too', async () => {
  const { running, heard, events } = await begin(`
steps: [{ name: a, shell: echo one }, { name: b, parallel: { count: 2, parallelism: 1, shell: 'echo worker {{ index }}' } }]
`)
  const isPaused = (unit: string) => (event: (typeof events)[number]) =>
    event.type === 'step' && event.unit === unit && event.status === 'paused'
  await heard((event) => event.type === 'step' && event.status === 'running')
  expect(await running.pause()).toEqual({ paused: 1 })
  expect(await running.pause()).toEqual({ paused: 0 })
  await heard(isPaused(''))
  expect(running.resume()).toEqual({ resumed: 1 })
  await heard((event) => event.type === 'worker' && event.status === 'starting')
  await running.pause()
  await heard((event) => event.type === 'step' && /^r\d\.0$/.test(event.unit) && event.status === 'paused')
  expect(running.resume()).toEqual({ resumed: 2 })
  expect(await running.ended).toMatchObject({ status: 'passed' })
}, 30_000)

test('what waits for somebody is not let go by a cancel: it has not passed, and nothing follows from it', async () => {
  const { running, heard, events } = await begin(`
steps:
  - { name: gate, paused: true, shell: echo approved }
  - { name: other, condition: 'step.gate.status == "passed" || gate', shell: echo published }
  - { name: late, condition: always, paused: true, shell: echo late }
  - { name: end, condition: always, shell: 'echo {{ step.gate.status }}' }
`)
  await heard((event) => event.type === 'step' && event.status === 'paused')
  running.cancel('no')
  expect(await running.ended).toMatchObject({ status: 'canceled', exitCode: 137 })
  expect(statusesOf(events)).toMatchObject({ gate: 'canceled', other: 'skipped', late: 'canceled', end: 'passed' })
  expect(outputOf(events)).toBe('canceled\n')
}, 30_000)

test('what a signal ends is aborted and may be tried again; an exit code that is no signal is a failure', async () => {
  const { result, statuses } = await run(`
steps:
  - { name: again, retry: { count: 1 }, shell: 'if [ -e once ]; then exit 0; fi; touch once; kill -9 $$' }
  - { name: ours, optional: true, shell: exit 155 }
  - { name: turned, negative: true, shell: exit 190 }
  - { name: killed, optional: true, shell: exit 137 }
`)
  expect(result).toMatchObject({ status: 'passed' })
  expect(statuses).toMatchObject({ again: 'passed', ours: 'failed', turned: 'passed', killed: 'aborted' })
})

test('a pause is no time of a step: its limit stands still as long', async () => {
  const clock = fakeClock()
  const { running, heard, events } = await begin(
    `steps: [{ name: a, timeout: 5s, shell: 'echo begun; while [ ! -e go ]; do sleep 0.02; done' }, { name: z, condition: always, shell: echo end }]`,
    { clock },
  )
  await heard((event) => event.type === 'output')
  running.pause()
  await heard((event) => event.type === 'step' && event.status === 'paused')
  expect(clock.waiting()).toBe(0)
  clock.advance(60_000)
  running.resume()
  await expect.poll(() => clock.waiting()).toBe(1)
  expect(statusesOf(events)['a']).toBe('running')
  clock.advance(5_000)
  await heard((event) => event.type === 'step' && event.status === 'timeout')
  clock.advance(60_000)
  await running.ended
  expect(events).toContainEqual(expect.objectContaining({ type: 'step', status: 'timeout', durationMs: 5_000, pausedMs: 60_000 }))
}, 30_000)

test('a sensitive parameter is nowhere, not in the name of a step and not in that of an artifact', async () => {
  const { events, artifacts } = await run(
    `config: { tok: { sensitive: true } }\nsteps: [{ name: 'deploy {{ config.tok }}', shell: 'echo x > {{ config.tok }}.txt', artifacts: { paths: ['*.txt'] } }]`,
    { config: { tok: 'TOKVALUE-99' } },
  )
  expect(events.filter((event) => JSON.stringify(event).includes('TOKVALUE'))).toEqual([])
  expect([...artifacts.keys()]).toEqual(['TOKVALUE-99.txt'])
})

test('nor in what is told of workers, of workflows that are executed, and of their failures', async () => {
  const more = '---\nkind: Workflow\nmetadata: { name: kid }\nspec: { steps: [{ shell: exit 1 }] }\n'
  const { result, events } = await run(
    `config: { tok: { sensitive: true } }
steps:
- { optional: true, parallel: { matrix: { m: ['{{ config.tok }}'] }, description: 'D {{ matrix.m }}', shell: 'true' } }
- { execute: { workflows: [{ name: kid, executionName: 'e-{{ config.tok }}', description: 'of {{ config.tok }}' }] } }`,
    { config: { tok: 'TOKVALUE-99' }, more },
  )
  expect(result.error?.message).toBe('The workflow "e-****" failed.')
  expect(events.filter((event) => JSON.stringify(event).includes('TOKVALUE'))).toEqual([])
  const described = events.flatMap((event) => (event.type === 'worker' && event.description ? [event.description] : []))
  expect(described).toEqual(['D ****', 'e-****: of ****'])
}, 30_000)

test('a secret that is a word of ours hides no word of ours', async () => {
  const { events, statuses } = await run(`config: { tok: { sensitive: true } }\nsteps: [{ name: 'unit x', shell: 'true' }]`, {
    config: { tok: 'unit' },
  })
  expect(events.map(({ type }) => type)).toContain('unit')
  expect(statuses).toEqual({ '**** x': 'passed' })
})

test('who cancels still gets clean-up; who does it twice gets none', async () => {
  const spec = `
steps: [{ name: long, shell: 'echo begun; sleep 100' }, { name: next, shell: echo next }]
after: [{ name: clean, condition: always, shell: 'echo cleaned; sleep {{ config.long }}' }]
config: { long: { type: integer, default: 0 } }
`
  const once = await begin(spec)
  await once.heard((event) => event.type === 'output')
  once.running.cancel('SIGINT')
  expect(await once.running.ended).toMatchObject({ status: 'canceled', exitCode: 137 })
  expect(outputOf(once.events)).toBe('begun\ncleaned\n')
  expect(statusesOf(once.events)).toEqual({ long: 'canceled', next: 'skipped', clean: 'passed' })
  const twice = await begin(spec, { config: { long: 100 } })
  await twice.heard((event) => event.type === 'output')
  twice.running.cancel('SIGINT')
  await twice.heard((event) => event.type === 'output' && event.text.includes('cleaned'))
  twice.running.cancel('SIGINT')
  expect(await twice.running.ended).toMatchObject({ status: 'canceled' })
}, 30_000)

test('optional, negative, nested and paused steps do what they say', async () => {
  const { running, heard, events } = await begin(`
steps:
  - { name: o, optional: true, shell: exit 1 }
  - { name: n, negative: true, shell: exit 1 }
  - { name: p, paused: true, shell: echo resumed }
`)
  await heard((event) => event.type === 'step' && event.status === 'paused')
  running.resume()
  expect(await running.ended).toMatchObject({ status: 'passed', exitCode: 0 })
  expect(outputOf(events)).toBe('resumed\n')
})

test('a script with a secret in it is no argument of any process; where one is, that is said', async () => {
  const { output, events } = await run(
    `
steps:
  - { shell: 'x={{ credential("token") }}; tr "\\0" " " < /proc/$$/cmdline | grep -c tok-en || true; [ "$x" = tok-en-1 ] && echo "${'$'}{WORKFLOW_SCRIPT-none}"; false; echo never' }
  - { condition: always, run: { command: [echo, '{{ credential("token") }}'] } }
`,
    { credentials: { token: 'tok-en-1' } },
  )
  expect(output).toBe('0\nnone\n****\n')
  expect(events.filter((event) => event.type === 'warning' && event.code === 'SECRET_SEEN')).toHaveLength(1)
})

test('secrets are variables, and their values are nowhere else', async () => {
  const secret = 'p4ss"word\nof two lines'
  const { output, events, logs, result } = await run(
    `
steps:
  - name: a
    container: { env: [{ name: BY_REF, valueFrom: { secretKeyRef: { name: db, key: password } } }] }
    shell: 'printf "%s" {{ shellquote(secret("db", "password")) }} | wc -c; printf "%s" "$BY_REF"; echo; printf "%s" "$BY_REF" | base64 -w0'
  - { name: c, shell: 'echo "{{ credential("token") }}" | wc -c' }
  - { name: missing, optional: true, shell: 'echo {{ secret("db", "none") }}' }
`,
    { secrets: { db: { password: secret } }, credentials: { token: 'tok-en-1' } },
  )
  expect(result.status).toBe('passed')
  const all = JSON.stringify(events) + [...logs.values()].join('') + output
  for (const form of ['p4ss', 'of two lines', 'tok-en-1', Buffer.from(secret).toString('base64').slice(0, 12)])
    expect(all).not.toContain(form)
  expect(events).toContainEqual(
    expect.objectContaining({
      type: 'error',
      error: expect.objectContaining({ code: 'SECRET_UNKNOWN', message: expect.stringContaining('none') }),
    }),
  )
})
