import { z } from 'zod'
import { Session, SessionConfig } from '../../../contracts/session.ts'
import { routesFor } from '../../../system/http/route.ts'
import { BadInput } from '../../../system/http/bad-input.ts'
import type { Caller, Coordinator } from '../../service.ts'
import { ConfigVerdict, PlanPreview, SessionPage, SessionResults, SessionStarted, Strategies } from '../answers.ts'
import { configIssues, Cursor, readSession, SessionId, StrictConfig, StrictSession, whole, withTests } from '../inputs.ts'
import { RESULTS, SESSION_REQUEST, STARTED } from './examples.ts'

const route = routesFor<Coordinator, Caller>()
const MiB = 1_048_576
const SESSIONS = '/api/execution/parallel'

const sessionBody = {
  schema: StrictSession,
  limitBytes: 64 * MiB,
  longLists: ['tests', 'testFiles'],
  prepare: withTests,
  read: readSession,
  example: SESSION_REQUEST,
}

const strategyNames = (coordinator: Coordinator) => coordinator.strategies().map(({ name }) => name)

/** @throws BadInput, where there is no such strategy */
function checkStrategy(coordinator: Coordinator, config: SessionConfig): void {
  const issues = configIssues(config, strategyNames(coordinator))
  if (issues.length > 0) throw new BadInput(issues.map(({ path, message }) => ({ path: `config.${path}`, message })))
}

export const sessionRoutes = [
  route({
    method: 'post',
    path: SESSIONS,
    operation: 'startSession',
    summary: 'Start a session',
    description:
      'Splits tests into shards and hands them to workers. `testFiles` is taken for `tests`. A field that there is not is an error at the top, in `config` and in `run`, and ignored in a test.',
    tag: 'Sessions',
    access: 'everything',
    body: sessionBody,
    answer: { status: 201, description: 'It is kept, and will run.', schema: SessionStarted, example: STARTED },
    errors: ['NO_WORKER', 'NO_WORKER_FITS', 'DATABASE_UNREACHABLE'],
    async run(coordinator, { body }) {
      checkStrategy(coordinator, body.config)
      return SessionStarted.parse(await coordinator.startSession(body))
    },
  }),
  route({
    method: 'get',
    path: SESSIONS,
    operation: 'listSessions',
    summary: 'Sessions, the newest first',
    tag: 'Sessions',
    access: 'everything',
    query: z.object({
      limit: whole(1, 100).default(20),
      before: Cursor.optional().describe('Id of the last session of the page before'),
    }),
    answer: { status: 200, description: 'A page of them.', schema: SessionPage },
    errors: ['DATABASE_UNREACHABLE'],
    async run(coordinator, { query }) {
      const sessions = await coordinator.sessions(query)
      return { sessions, next: sessions.length < query.limit ? null : sessions.at(-1)!.id }
    },
  }),
  route({
    method: 'get',
    path: `${SESSIONS}/strategies`,
    operation: 'listStrategies',
    summary: 'Ways to split a session',
    tag: 'Strategies',
    access: 'everything',
    answer: { status: 200, description: 'All of them.', schema: Strategies },
    errors: [],
    run: (coordinator) => ({ strategies: coordinator.strategies() }),
  }),
  route({
    method: 'post',
    path: `${SESSIONS}/strategies/preview`,
    operation: 'previewPlan',
    summary: 'What a session would be split into',
    tag: 'Strategies',
    access: 'everything',
    body: sessionBody,
    answer: { status: 200, description: 'The plan; nothing is run.', schema: PlanPreview },
    errors: ['PLAN_INVALID', 'NO_WORKER', 'NO_WORKER_FITS'],
    run(coordinator, { body }) {
      checkStrategy(coordinator, body.config)
      return coordinator.preview(body)
    },
  }),
  route({
    method: 'get',
    path: `${SESSIONS}/config/default`,
    operation: 'defaultConfig',
    summary: 'The configuration of a session that says nothing',
    tag: 'Configuration',
    access: 'everything',
    answer: { status: 200, description: 'All settings.', schema: SessionConfig },
    errors: [],
    run: (coordinator) => coordinator.defaultConfig(),
  }),
  route({
    method: 'post',
    path: `${SESSIONS}/config/validate`,
    operation: 'validateConfig',
    summary: 'Whether a configuration is one',
    description: 'The configuration itself, or an object whose only field `config` it is.',
    tag: 'Configuration',
    access: 'everything',
    body: {
      schema: StrictConfig,
      limitBytes: MiB,
      example: { strategy: 'duration', shards: 4 },
      read: (body) => body as z.output<typeof StrictConfig>,
    },
    answer: { status: 200, description: 'What is wrong where.', schema: ConfigVerdict },
    errors: [],
    run(coordinator, { body }) {
      const issues = configIssues(unwrapped(body), strategyNames(coordinator))
      return { valid: issues.length === 0, issues }
    },
  }),
  route({
    method: 'get',
    path: `${SESSIONS}/{id}/status`,
    operation: 'sessionStatus',
    summary: 'A session, its progress and its shards',
    tag: 'Sessions',
    access: 'everything',
    params: SessionId,
    answer: { status: 200, description: 'As it is now.', schema: Session },
    errors: ['SESSION_UNKNOWN', 'DATABASE_UNREACHABLE'],
    run: (coordinator, { params }) => coordinator.session(params.id),
  }),
  route({
    method: 'get',
    path: `${SESSIONS}/{id}/results`,
    operation: 'sessionResults',
    summary: 'Results of a session, one of each test that has one',
    tag: 'Sessions',
    access: 'everything',
    params: SessionId,
    query: z.object({ limit: whole(1, 10_000).default(1_000), after: Cursor.optional().describe('`next` of the page before') }),
    answer: { status: 200, description: 'A page of them.', schema: SessionResults, example: RESULTS },
    errors: ['SESSION_UNKNOWN', 'DATABASE_UNREACHABLE'],
    run: (coordinator, { params, query }) => coordinator.results(params.id, query),
  }),
  route({
    method: 'post',
    path: `${SESSIONS}/{id}/cancel`,
    operation: 'cancelSession',
    summary: 'Cancel a session',
    description: 'Answers when nothing of it runs any more, within 2 s.',
    tag: 'Sessions',
    access: 'everything',
    params: SessionId,
    body: {
      schema: z.object({ reason: z.string().max(1_024).optional() }),
      limitBytes: MiB,
      isOptional: true,
      example: { reason: 'Not needed.' },
    },
    answer: { status: 200, description: 'The session.', schema: Session },
    errors: ['SESSION_UNKNOWN', 'DATABASE_UNREACHABLE'],
    run: (coordinator, { params, body }) => coordinator.cancel(params.id, body.reason),
  }),
]

function unwrapped(body: unknown): unknown {
  if (typeof body !== 'object' || body === null) return body
  return 'config' in body && Object.keys(body).length === 1 ? body.config : body
}
