import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Step } from '../../src/contracts/workflow/step.ts'
import { advance, nextDeadline } from '../../src/workflow/advance.ts'
import { compile } from '../../src/workflow/compile.ts'
import { durationsOf, newExecution, reduceExecution } from '../../src/workflow/execution.ts'
import { expressionJudge } from '../../src/workflow/judge.ts'
import { nodesOf } from '../../src/workflow/plan.ts'
import { hasStepEnded } from '../../src/workflow/status.ts'

const judge = expressionJudge(() => [])

const { step } = fc.letrec<{ step: Step }>((tie) => ({
  step: fc.record(
    {
      condition: fc.constantFrom('passed', 'failed', 'always', 'never'),
      negative: fc.boolean(),
      optional: fc.boolean(),
      paused: fc.boolean(),
      retry: fc.record({ count: fc.nat(2), until: fc.constantFrom('passed', 'self.failed', 'never') }),
      timeout: fc.constantFrom('1s', '5s', '60s'),
      shell: fc.constant('x'),
      delay: fc.constant('1s'),
      artifacts: fc.constant({ paths: ['*'] }),
      steps: fc.array(tie('step'), { maxLength: 3, depthIdentifier: 'steps' }),
    },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Step>,
}))

/** What the world does next: how long something takes, and how it ends. */
const act = fc.record({ ms: fc.integer({ min: 0, max: 3_000 }), what: fc.constantFrom('pass', 'fail', 'pause', 'abort', 'late') })

test('whatever happens, an execution ends, no step is illegal, and no time is negative or counted while it is paused', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 3 }), fc.array(act, { minLength: 1, maxLength: 40 }), (steps, acts) => {
      const { plan } = compile({ steps: [...steps, { shell: 'last' }] }, { name: 'w' })
      let state = newExecution(plan)
      let nowMs = 0
      let pausedMs = 0
      let pauses = 0
      const isOver = () => hasStepEnded(state.nodes.of(plan.root.ref).status) && state.aliveRef === undefined
      for (let turn = 0; turn < 3_000 && !isOver(); turn++) {
        const advanced = advance(plan, state, judge, nowMs)
        state = advanced.state
        if (isOver()) break
        const { ms, what } = acts[turn % acts.length]!
        const ref = state.aliveRef
        if (state.pause) {
          nowMs += ms
          pausedMs += ms
          pauses += 1
          state = reduceExecution(plan, state, { type: 'resumed', nowMs })
        } else if (ref === undefined) throw new Error('nothing runs, nothing waits, and it has not ended')
        else if (what === 'pause' && pauses < turn / 4) state = reduceExecution(plan, state, { type: 'paused', ref, nowMs })
        else {
          const due = nextDeadline(plan, state, judge, nowMs)
          nowMs += Math.min(ms, due?.inMs ?? ms)
          if (due && due.inMs <= ms) state = reduceExecution(plan, state, { type: 'timed-out', ref: due.ref, nowMs })
          state = reduceExecution(plan, state, {
            type: 'ended',
            ref,
            nowMs,
            exitCode: what === 'fail' ? 1 : 0,
            isAborted: what === 'abort',
          })
          if (what === 'late') state = reduceExecution(plan, state, { type: 'ended', ref, nowMs, exitCode: 1 })
        }
      }
      expect(isOver()).toBe(true)
      for (const { ref } of nodesOf(plan.root)) {
        expect(hasStepEnded(state.nodes.of(ref).status)).toBe(true)
        const { durationMs, totalDurationMs, pausedMs } = durationsOf(state, ref, nowMs)
        expect([durationMs >= 0, pausedMs >= 0, totalDurationMs <= nowMs]).toEqual([true, true, true])
      }
      expect(durationsOf(state, plan.root.ref, nowMs)).toEqual({ durationMs: nowMs - pausedMs, totalDurationMs: nowMs, pausedMs })
    }),
    { numRuns: 300 },
  )
}, 60_000)
