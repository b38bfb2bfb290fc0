import { expect, test } from 'vitest'
import { type Advanced, advance, nextDeadline } from '../../src/workflow/advance.ts'
import { durationsOf, type ExecutionEvent, newExecution, reduceExecution } from '../../src/workflow/execution.ts'
import type { WorkflowPlan } from '../../src/workflow/plan.ts'
import { expressionJudge } from '../../src/workflow/judge.ts'
import { fakeClock } from '../../src/system/fake-clock.ts'
import { readPlan, stepNamed } from './read.ts'

const judge = expressionJudge(() => [])

function runner(plan: WorkflowPlan) {
  const clock = fakeClock()
  let state = newExecution(plan)
  let next: Advanced['next']
  const go = () => {
    const advanced = advance(plan, state, judge, clock.now())
    state = advanced.state
    next = advanced.next
  }
  go()
  return {
    clock,
    plan,
    /** What runs now: its script, or who waits. */
    now: () =>
      next?.type === 'run' ? (next.node.container.args?.[0]?.replace('set -e\n', '') ?? next.node.operation.type) : next?.type,
    apply(event: ExecutionEvent) {
      state = reduceExecution(plan, state, event)
      go()
    },
    end(exitCode = 0) {
      if (next?.type !== 'run') throw new Error('nothing runs')
      this.apply({ type: 'ended', ref: next.node.ref, nowMs: clock.now(), exitCode })
    },
    runningRef: () => (next?.type === 'run' ? next.node.ref : ''),
    status: (name: string) => state.nodes.of(name === '' ? plan.root.ref : stepNamed(plan, name).ref).status,
    deadline: () => nextDeadline(plan, state, judge, clock.now()),
    durations: (name: string) => durationsOf(state, stepNamed(plan, name).ref, clock.now()),
  }
}

test('steps run one after the other; after a failure only those run whose condition says so', () => {
  const run = runner(
    readPlan(
      `steps: [{ name: a, shell: a, artifacts: { paths: [x] } }, { name: b, shell: b }, { name: c, condition: failed, shell: c }, { name: d, condition: always, shell: d }]`,
    ),
  )
  expect(run.now()).toBe('a')
  run.end(1)
  expect(run.now()).toBe('artifacts')
  run.end()
  expect(run.now()).toBe('c')
  run.end()
  run.end()
  expect(['a', 'b', 'c', 'd', ''].map(run.status)).toEqual(['failed', 'skipped', 'passed', 'passed', 'failed'])
})

test('a skipped step counts as success, an optional one does not count, a negative one passes by failing', () => {
  const run = runner(
    readPlan(
      `steps: [{ name: n, negative: true, shell: n }, { name: o, optional: true, shell: o }, { name: s, condition: never, shell: s, steps: [{ name: t, shell: t }] }, { name: e, shell: e }]`,
    ),
  )
  run.end(1)
  run.end(1)
  expect(run.now()).toBe('e')
  run.end()
  expect(['n', 'o', 's', 't', 'e', ''].map(run.status)).toEqual(['passed', 'failed', 'skipped', 'skipped', 'passed', 'passed'])
})

test('a step is tried again as a whole, with its services and the steps inside', () => {
  const run = runner(
    readPlan(
      `steps: [{ name: r, retry: { count: 2 }, services: { db: { image: i } }, steps: [{ name: a, shell: a }, { name: b, shell: b }] }]`,
    ),
  )
  const seen: unknown[] = []
  for (const exitCode of [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0]) {
    seen.push(run.now())
    run.end(exitCode)
  }
  const attempt = (...steps: string[]) => ['services-start', ...steps, 'services-stop']
  expect(seen).toEqual([...attempt('a', 'b'), ...attempt('a'), ...attempt('a', 'b')].slice(0, 11))
  expect(['r', 'a', 'b', ''].map(run.status)).toEqual(['passed', 'passed', 'passed', 'passed'])
})

test('three further attempts are four runs; negative is judged before the retry', () => {
  const run = runner(readPlan(`steps: [{ name: r, negative: true, retry: { count: 3 }, shell: a }]`))
  for (let i = 0; i < 4; i++) run.end(0)
  expect(run.status('r')).toBe('failed')
  expect(run.now()).toBeUndefined()
  const until = runner(readPlan(`steps: [{ name: r, retry: { count: 3, until: self.failed }, shell: a }]`))
  until.end(0)
  until.end(1)
  expect(until.status('r')).toBe('failed')
})

test('at its timeout what has begun times out and the rest is skipped; the next step waits until the process has gone', () => {
  const run = runner(
    readPlan(
      `steps: [{ name: t, timeout: 5s, optional: true, steps: [{ name: a, shell: a }, { name: b, shell: b }] }, { name: c, shell: c }]`,
    ),
  )
  const ref = run.runningRef()
  run.clock.advance(2_000)
  expect(run.deadline()).toMatchObject({ inMs: 3_000 })
  run.clock.advance(3_000)
  run.apply({ type: 'timed-out', ref: run.deadline()!.ref, nowMs: run.clock.now() })
  expect(['t', 'a', 'b'].map(run.status)).toEqual(['timeout', 'timeout', 'skipped'])
  expect(run.now()).toBeUndefined()
  run.apply({ type: 'ended', ref, nowMs: run.clock.now(), exitCode: 137, isAborted: true })
  expect(run.now()).toBe('c')
})

test('its own timeout may be tried again, with all its time; that of a step around it may not', () => {
  const run = runner(
    readPlan(`steps: [{ name: o, timeout: 9s, steps: [{ name: i, timeout: 4s, retry: { count: 5 }, shell: a }] }]`),
  )
  const timeOut = (inMs: number) => {
    run.clock.advance(inMs)
    const ref = run.runningRef()
    run.apply({ type: 'timed-out', ref: run.deadline()!.ref, nowMs: run.clock.now() })
    run.apply({ type: 'ended', ref, nowMs: run.clock.now(), exitCode: 137, isAborted: true })
  }
  timeOut(4_000)
  expect([run.now(), run.deadline()!.inMs]).toEqual(['a', 4_000])
  timeOut(4_000)
  expect(run.deadline()!.inMs).toBe(1_000)
  timeOut(1_000)
  expect([run.now(), run.status('o'), run.status('i'), run.status('')]).toEqual([undefined, 'timeout', 'timeout', 'failed'])
})

test('paused time is no time: a long pause fires no timeout and is reported apart', () => {
  const run = runner(readPlan(`steps: [{ name: o, timeout: 60s, steps: [{ name: a, timeout: 10s, shell: a }] }]`))
  run.clock.advance(4_000)
  run.apply({ type: 'paused', ref: run.runningRef(), nowMs: run.clock.now() })
  run.clock.advance(3_600_000)
  expect(run.deadline()).toBeUndefined()
  expect(run.durations('a')).toEqual({ durationMs: 4_000, totalDurationMs: 3_604_000, pausedMs: 3_600_000 })
  run.apply({ type: 'resumed', nowMs: run.clock.now() })
  expect(run.deadline()).toMatchObject({ inMs: 6_000 })
  run.clock.advance(1_000)
  expect(run.durations('o')).toEqual({ durationMs: 5_000, totalDurationMs: 3_605_000, pausedMs: 3_600_000 })
})

test('a pause that is asked for between two commands comes before the second one', () => {
  const run = runner(readPlan(`steps: [{ name: a, shell: a }, { name: b, shell: b }]`))
  run.apply({ type: 'pause-asked', nowMs: 0 })
  expect([run.status('a'), run.status('b')]).toEqual(['running', 'queued'])
  run.apply({ type: 'ended', ref: stepNamed(run.plan, 'a').children[0]!.ref, nowMs: 0, exitCode: 0 })
  expect([run.now(), run.status('b')]).toEqual([undefined, 'paused'])
  run.clock.advance(5_000)
  run.apply({ type: 'resumed', nowMs: run.clock.now() })
  expect(run.now()).toBe('b')
  run.end()
  expect(run.durations('b')).toEqual({ durationMs: 0, totalDurationMs: 5_000, pausedMs: 5_000 })
})

test('a paused step waits just before its first command, when everything is ready, and only once', () => {
  const run = runner(
    readPlan(
      `steps: [{ name: p, paused: true, retry: { count: 1 }, content: { git: { uri: g } }, setup: [{ shell: a }], shell: b }]`,
    ),
  )
  expect(run.now()).toBe('git')
  run.end()
  expect([run.now(), run.status('p')]).toEqual(['wait-for-resume', 'paused'])
  run.clock.advance(5_000)
  run.apply({ type: 'resumed', nowMs: run.clock.now() })
  expect(run.now()).toBe('a')
  run.end(1)
  expect(run.now()).toBe('git')
  run.end()
  expect(run.now()).toBe('a')
  expect(run.durations('p').pausedMs).toBe(5_000)
})

test('a paused step without a command ends when it is resumed', () => {
  const run = runner(readPlan(`steps: [{ name: p, paused: true }, { shell: b }]`))
  expect(run.now()).toBe('wait-for-resume')
  run.apply({ type: 'resumed', nowMs: 0 })
  expect([run.now(), run.status('p')]).toEqual(['b', 'passed'])
})

test('cancelled means all of it, also while it is paused; what comes later changes nothing', () => {
  const run = runner(readPlan(`steps: [{ name: a, shell: a }, { name: b, condition: always, shell: b }]`))
  const ref = run.runningRef()
  run.apply({ type: 'paused', ref, nowMs: 0 })
  run.apply({ type: 'canceled', nowMs: 0 })
  run.apply({ type: 'ended', ref, nowMs: 0, exitCode: 0 })
  expect(['a', 'b', ''].map(run.status)).toEqual(['canceled', 'canceled', 'canceled'])
  expect(run.now()).toBeUndefined()
})

test('a command that a signal ended is aborted, and so is its step', () => {
  const run = runner(readPlan(`steps: [{ name: a, shell: a }, { name: b, shell: b }]`))
  run.apply({ type: 'ended', ref: run.runningRef(), nowMs: 0, exitCode: 137, isAborted: true })
  expect(['a', 'b', ''].map(run.status)).toEqual(['aborted', 'skipped', 'aborted'])
})

test('a condition may ask for the status and exit code of another step by its id', () => {
  const run = runner(
    readPlan(
      `steps: [{ id: build, optional: true, shell: a }, { name: b, condition: step.build.exitCode == 3 && !build, shell: b }, { name: c, condition: build, shell: c }]`,
    ),
  )
  run.end(3)
  expect(run.now()).toBe('b')
  run.end()
  expect([run.status('c'), run.status('')]).toEqual(['skipped', 'passed'])
})

test('what cannot be decided fails its own step, and clean-up runs', () => {
  const plan = readPlan(
    `steps: [{ name: a, shell: a }, { name: b, condition: unheard.of, shell: b }, { name: t, optional: true, timeout: '{{ un.heard }}', condition: always, shell: t }, { name: n, negative: true, condition: no.name || always, shell: n }, { name: c, condition: always, shell: c }]`,
  )
  const run = runner(plan)
  expect(run.now()).toBe('a')
  run.end()
  expect(run.now()).toBe('c')
  run.end()
  expect(['a', 'b', 't', 'n', 'c', ''].map(run.status)).toEqual(['passed', 'failed', 'failed', 'failed', 'passed', 'failed'])
})
