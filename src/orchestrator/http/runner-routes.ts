import { RunnerAnswer, RunnerCall, RunnerInfo } from '../../contracts/runs.ts'
import { routesFor } from '../../system/http/route.ts'
import type { RunnerDesk } from '../runners/runner-desk.ts'
import type { Anyone } from './mounted.ts'

const route = routesFor<RunnerDesk, Anyone>()
const LIMIT_BYTES = 4 * 1_048_576

export const RUNNER_ROUTES = [
  route({
    method: 'post',
    path: '/execute',
    operation: 'executeRunner',
    summary: 'Run a runner to its end',
    description: 'Answers when it has ended, passed or failed. It is stopped when its time is up, or when its caller hangs up.',
    tag: 'runners',
    access: 'everything',
    body: {
      schema: RunnerCall,
      limitBytes: LIMIT_BYTES,
      example: { name: 'cookieBannerVisibleTest', input: { url: 'https://example.com' }, timeout: 30_000 },
    },
    answer: { status: 200, description: 'How it ended.', schema: RunnerAnswer },
    errors: ['RUNNER_UNKNOWN'],
    run: (desk, { body, signal }) => desk.call(body, signal),
  }),
  route({
    method: 'get',
    path: '/info',
    operation: 'runnerInfo',
    summary: 'Which runners there are, and what they take',
    tag: 'runners',
    access: 'everything',
    answer: { status: 200, description: 'Names, inputs, region, version.', schema: RunnerInfo },
    errors: [],
    run: (desk) => desk.info(),
  }),
]
