import { z } from 'zod'
import { RunAccepted, RunId, RunRequest, RunResults, RunStatus } from '../../contracts/runs.ts'
import { routesFor } from '../../system/http/route.ts'
import type { Orchestrator } from '../orchestrator.ts'
import type { Anyone } from './mounted.ts'

const route = routesFor<Orchestrator, Anyone>()
const OfRun = z.object({ runId: RunId })
const Page = z.object({
  after: z.coerce
    .number()
    .int()
    .min(-1)
    .max(1_000_000)
    .default(-1)
    .meta({ description: 'The job after which the page begins; `next` of the page before.' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(10_000)
    .default(1_000)
    .meta({ description: 'Jobs at most; fewer where they brought much.' }),
})
const LIMIT_BYTES = 16 * 1_048_576

export const EXAMPLE = {
  runners: [{ name: 'cookieBannerVisibleTest', region: 'us-east-1', input: { url: 'https://example.com' } }],
  mode: 'remote',
} as const

export const RUN_ROUTES = [
  route({
    method: 'post',
    path: '/run',
    operation: 'submitRun',
    summary: 'Begin a run',
    description: 'Answers as soon as the run is kept. The same request with the same runId is one run, however often it is sent.',
    tag: 'runs',
    access: 'everything',
    body: { schema: RunRequest, limitBytes: LIMIT_BYTES, example: EXAMPLE },
    answer: { status: 201, description: 'The run is kept, and goes on whatever becomes of the caller.', schema: RunAccepted },
    errors: ['REGION_UNKNOWN', 'RUNNER_UNKNOWN', 'RUN_EXISTS', 'DATABASE_UNREACHABLE'],
    run: (orchestrator, { body }) => orchestrator.submit(body),
  }),
  route({
    method: 'get',
    path: '/run/{runId}/status',
    operation: 'runStatus',
    summary: 'How far a run is',
    tag: 'runs',
    access: 'everything',
    params: OfRun,
    answer: { status: 200, description: 'Its state, and that of each job.', schema: RunStatus },
    errors: ['RUN_UNKNOWN', 'DATABASE_UNREACHABLE'],
    run: (orchestrator, { params }) => orchestrator.status(params.runId),
  }),
  route({
    method: 'get',
    path: '/run/{runId}',
    operation: 'runResults',
    summary: 'What the jobs of a run brought',
    description: 'A page of jobs, 16 MiB at most (or one job). `next` is `after` of the page that follows.',
    tag: 'runs',
    access: 'everything',
    params: OfRun,
    query: Page,
    answer: { status: 200, description: 'Its state, and results and logs of the jobs of this page.', schema: RunResults },
    errors: ['RUN_UNKNOWN', 'DATABASE_UNREACHABLE'],
    run: (orchestrator, { params, query }) => orchestrator.results(params.runId, query),
  }),
  route({
    method: 'post',
    path: '/run/{runId}/cancel',
    operation: 'cancelRun',
    summary: 'End a run now',
    description: 'Jobs that have ended keep their results. A run that is over stays as it is.',
    tag: 'runs',
    access: 'everything',
    params: OfRun,
    answer: { status: 200, description: 'The run; nothing of it runs any more, after 2 s at most.', schema: RunStatus },
    errors: ['RUN_UNKNOWN', 'DATABASE_UNREACHABLE'],
    run: (orchestrator, { params }) => orchestrator.cancel(params.runId),
  }),
]
