import { expect, test } from 'vitest'
import type { StepReport, WorkerReport, WorkflowHappening } from '../../contracts/workflow/events.ts'
import { pauseWatch } from './pause-watch.ts'

const ROOT = { ref: 'r0', type: 'step' }
const unit = (unit: string): WorkflowHappening => ({ type: 'unit', unit, root: ROOT })
const step = (unit: string, ref: string, status: StepReport['status']): WorkflowHappening => ({
  type: 'step',
  unit,
  ref,
  status,
  attempt: 1,
})
const worker = (unit: string, index: number, status: WorkerReport['status']): WorkflowHappening => ({
  type: 'worker',
  unit,
  ref: 'r2',
  index,
  status,
})

/** What is said after each of the turns: `paused`, `running` or nothing. */
async function saidAfter(...turns: WorkflowHappening[][]) {
  const said: string[] = []
  const hear = pauseWatch((isPaused) => said.push(isPaused ? 'paused' : 'running'))
  const after: string[] = []
  for (const turn of turns) {
    turn.forEach(hear)
    await Promise.resolve()
    after.push(said.splice(0).join(' '))
  }
  return after
}

/** Two workers of r2 that run a command each. */
const WORKERS = [
  unit(''),
  step('', 'r1', 'running'),
  step('', 'r2', 'running'),
  ...[0, 1].flatMap((index) => [worker('', index, 'starting'), unit(`r2.${index}`), step(`r2.${index}`, 'r2', 'running')]),
]

test('an execution is paused while the only step that runs is', async () => {
  const begun = [unit(''), step('', 'r1', 'running'), step('', 'r2', 'running')]
  expect(await saidAfter(begun, [step('', 'r1', 'paused')], [step('', 'r1', 'running')])).toEqual(['', 'paused', 'running'])
})

test('one of two workers that goes on keeps it running; its end leaves the paused one alone', async () => {
  expect(
    await saidAfter(
      WORKERS,
      [step('r2.0', 'r1', 'paused')],
      [step('r2.1', 'r1', 'paused')],
      [step('r2.1', 'r1', 'running')],
      [step('r2.1', 'r2', 'passed'), worker('', 1, 'passed')],
      [step('r2.0', 'r1', 'running')],
    ),
  ).toEqual(['', '', 'paused', 'running', 'paused', 'running'])
})

test('a worker that starts is not paused, and a barrier that opens at once is no pause', async () => {
  const both = [step('r2.0', 'r1', 'paused'), step('r2.1', 'r1', 'paused')]
  const opened = [step('r2.0', 'r1', 'running'), step('r2.1', 'r1', 'running')]
  expect(await saidAfter(WORKERS, [...both, ...opened], [...both, worker('', 2, 'starting')])).toEqual(['', '', ''])
})

test('workers inside workers are what runs, not those that wait for them', async () => {
  const inner = [worker('r2.0', 0, 'starting'), unit('r2.0/r2.0'), step('r2.0/r2.0', 'r2', 'running')]
  const ended = [step('r2.1', 'r2', 'passed'), worker('', 1, 'passed')]
  expect(
    await saidAfter([...WORKERS, ...inner, ...ended], [step('r2.0/r2.0', 'r1', 'paused')], [worker('r2.0', 0, 'aborted')]),
  ).toEqual(['', 'paused', 'running'])
})

test('what is not waited for does not count as what its step does', async () => {
  const beside = [step('', 'r2', 'passed'), step('', 'r3', 'running')]
  expect(await saidAfter([...WORKERS, ...beside], [step('r2.0', 'r1', 'paused'), step('r2.1', 'r1', 'paused')])).toEqual(['', ''])
  expect(
    await saidAfter(
      [...WORKERS, step('', 'r2', 'passed'), step('', 'r0', 'passed')],
      [step('r2.0', 'r1', 'paused'), step('r2.1', 'r1', 'paused')],
    ),
  ).toEqual(['', 'paused'])
})
