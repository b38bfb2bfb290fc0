import { CoordinatorEvent } from '../../contracts/session-events.ts'
import { HostRun, Needs, Session, SessionConfig, SessionTest, TestResult } from '../../contracts/session.ts'
import { ShardOrder } from '../../contracts/shard-run.ts'
import { Capabilities, WorkerRegistration, WorkerView } from '../../contracts/worker.ts'
import { openApi } from '../../system/http/openapi.ts'
import type { DescribedRoute } from './answer-request.ts'
import { Fate, Workers } from './answers.ts'
import { StrictConfig, StrictSession } from './inputs.ts'

const DESCRIPTION = `Sessions of tests over many workers. Every error is an \`ErrorInfo\`: test \`code\`, show \`message\`, follow \`hint\`.
All but this document and its page need a bearer token; a worker's credential opens only what is the worker's own.`

/** The OpenAPI 3.1 document of these routes, as JSON. */
export function specText(routes: readonly DescribedRoute[], version: string): string {
  return JSON.stringify(
    openApi(routes, {
      title: 'everwarm coordinator',
      version,
      description: DESCRIPTION,
      securitySchemes: {
        token: { access: ['everything', 'worker'], description: "The coordinator's token." },
        credential: { access: ['worker'], description: "A worker's own credential; it opens only what is that worker's." },
        enrolment: { access: ['enrolment'], description: 'A token of POST /api/workers/enrolments; it works once.' },
      },
      inputs: {
        SessionRequest: StrictSession,
        SessionConfigInput: StrictConfig,
        SessionTestInput: SessionTest,
        WorkerRegistration,
        CapabilitiesInput: Capabilities,
        TestResultInput: TestResult,
      },
      outputs: {
        Fate,
        Workers,
        Session,
        SessionConfig,
        HostRun,
        Needs,
        SessionTest,
        TestResult,
        ShardOrder,
        WorkerView,
        Capabilities,
        CoordinatorEvent,
      },
    }),
  )
}
