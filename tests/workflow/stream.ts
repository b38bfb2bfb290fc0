import type { UnitNode, WorkflowEvent, WorkflowHappening } from '../../src/contracts/workflow/events.ts'

/** For tests: events a second apart, from 2026-01-01T00:00:00Z on. */
export function stream(happenings: readonly WorkflowHappening[]): WorkflowEvent[] {
  return happenings.map((each, i) => ({ at: new Date(Date.UTC(2026, 0, 1) + i * 1_000).toISOString(), ...each }) as WorkflowEvent)
}

export const step = (ref: string, name: string, ...children: UnitNode[]): UnitNode => ({ ref, type: 'step', name, children })

/** Install, then Tests with a database and workers, then Report. */
export const TREE: UnitNode = {
  ref: 'r0',
  type: 'step',
  children: [
    step('r1', 'Install', { ref: 'r2', type: 'shell' }),
    step(
      'r3',
      'Tests',
      { ref: 'r4', type: 'services-start' },
      { ref: 'r5', type: 'parallel' },
      { ref: 'r6', type: 'services-stop' },
    ),
    step('r7', 'Report', { ref: 'r8', type: 'shell' }),
  ],
}
export const WORKER: UnitNode = { ref: 'r0', type: 'step', children: [step('r1', 'Run', { ref: 'r2', type: 'shell' })] }

type Report = Extract<WorkflowHappening, { type: 'step' }>
export const status = (unit: string, refs: string, status: Report['status'], more: Partial<Report> = {}): WorkflowHappening[] =>
  refs.split(' ').map((ref) => ({ type: 'step', unit, ref, status, attempt: 1, ...more }))

export const said = (unit: string, ref: string, text: string): WorkflowHappening => ({
  type: 'output',
  unit,
  ref,
  stream: 'stdout',
  text,
})

export const worker = (
  index: number,
  status: Extract<WorkflowHappening, { type: 'worker' }>['status'],
  more: object = {},
): WorkflowHappening => ({ type: 'worker', unit: '', ref: 'r5', index, status, ...more })

/** Up to the moment in which some workers run and one has failed. */
export const HALF: WorkflowHappening[] = [
  { type: 'execution', id: 'w1', workflow: 'unit-tests', status: 'running' },
  { type: 'unit', unit: '', root: TREE },
  ...status('', 'r0 r1 r2', 'running'),
  said('', 'r2', 'added 120 packages\nfound 0 vulner'),
  said('', 'r2', 'abilities\n'),
  ...status('', 'r2', 'passed', { exitCode: 0, durationMs: 2_000 }),
  ...status('', 'r1', 'passed', { durationMs: 2_100 }),
  ...status('', 'r3 r4', 'running'),
  { type: 'service', unit: '', ref: 'r4', name: 'db', index: 0, status: 'running', address: '127.0.0.1:5432' },
  { type: 'service', unit: '', ref: 'r4', name: 'db', index: 0, status: 'passed', address: '127.0.0.1:5432' },
  ...status('', 'r4', 'passed', { durationMs: 900 }),
  ...status('', 'r5', 'running'),
  { type: 'workers', unit: '', ref: 'r5', count: 4, parallelism: 2 },
  worker(0, 'running', { description: 'chromium' }),
  { type: 'unit', unit: 'r5.0', root: WORKER, description: 'chromium' },
  ...status('r5.0', 'r0 r1 r2', 'running'),
  said('r5.0', 'r2', 'expected 1 to be 2\n'),
  ...status('r5.0', 'r0 r1 r2', 'failed', { exitCode: 1, durationMs: 3_000 }),
  worker(0, 'failed', { durationMs: 3_200 }),
  worker(1, 'running', { description: 'firefox' }),
  { type: 'unit', unit: 'r5.1', root: WORKER, description: 'firefox' },
  ...status('r5.1', 'r0 r1 r2', 'running'),
  said('r5.1', 'r2', 'progress 10%\rprogress 20%\r\u001b[31mred\u001b[0m\u001b]0;title\u0007 \u001b[2Jx'),
]

/** And to the end. */
export const WHOLE: WorkflowHappening[] = [
  ...HALF,
  ...status('r5.1', 'r2 r1 r0', 'passed', { exitCode: 0, durationMs: 4_000 }),
  worker(1, 'passed', { durationMs: 4_000 }),
  { type: 'artifact', unit: '', ref: 'r5', path: 'report.xml', bytes: 2_048 },
  {
    type: 'report',
    unit: '',
    ref: 'r5',
    path: 'report.xml',
    kind: 'junit',
    summary: { tests: 12, failed: 1, errored: 0, skipped: 2 },
  },
  ...status('', 'r5', 'failed', { durationMs: 9_000 }),
  { type: 'service', unit: '', ref: 'r4', name: 'db', index: 0, status: 'stopped' },
  ...status('', 'r6', 'passed', { durationMs: 10 }),
  ...status('', 'r3', 'failed', { durationMs: 10_000 }),
  ...status('', 'r7 r8', 'skipped'),
  ...status('', 'r0', 'failed'),
  { type: 'execution', id: 'w1', workflow: 'unit-tests', status: 'failed' },
]
