import { z } from 'zod'
import { EverwarmError } from '../../../contracts/errors.ts'
import { WorkerRegistration } from '../../../contracts/worker.ts'
import { routesFor } from '../../../system/http/route.ts'
import type { Caller, Coordinator } from '../../service.ts'
import { Credential, Enrolled, Enrolment } from '../answers.ts'
import { WorkerId } from '../inputs.ts'
import { WORKER } from './examples.ts'

const route = routesFor<Coordinator, Caller>()
const DAY_MS = 86_400_000
const TEN_MINUTES_MS = 600_000

/** How a machine becomes a worker without ever having the coordinator's own token. */
export const enrolmentRoutes = [
  route({
    method: 'post',
    path: '/api/workers/enrolments',
    operation: 'createEnrolment',
    summary: 'A token with which one worker can enrol, once',
    tag: 'Enrolment',
    access: 'everything',
    body: {
      schema: z.object({
        ttlMs: z
          .number()
          .int()
          .min(1_000)
          .max(30 * DAY_MS)
          .default(TEN_MINUTES_MS),
        name: z.string().min(1).max(256).optional(),
      }),
      limitBytes: 1_048_576,
      isOptional: true,
      example: { ttlMs: TEN_MINUTES_MS, name: 'linux-1' },
    },
    answer: { status: 201, description: 'The token, which is shown this once.', schema: Enrolment },
    errors: ['DATABASE_UNREACHABLE'],
    run: (coordinator, { body }) => coordinator.createEnrolment(body),
  }),
  route({
    method: 'post',
    path: '/api/workers/enrol',
    operation: 'enrolWorker',
    summary: 'Become a worker, by an enrolment token',
    tag: 'Enrolment',
    access: 'enrolment',
    body: { schema: WorkerRegistration, limitBytes: 8_388_608, example: WORKER },
    answer: { status: 201, description: 'The credential of this worker; the token is used up.', schema: Enrolled },
    errors: ['TOKEN_USED', 'DATABASE_UNREACHABLE'],
    run(coordinator, { token, body }) {
      if (token !== undefined) return coordinator.enrol(token, body)
      throw new EverwarmError('TOKEN_MISSING', {
        message: 'The request has no enrolment token.',
        hint: 'Send `Authorization: Bearer TOKEN`, with a token of POST /api/workers/enrolments.',
      })
    },
  }),
  route({
    method: 'post',
    path: '/api/workers/{id}/credential',
    operation: 'renewCredential',
    summary: 'A new credential for a worker; the old one ends soon',
    tag: 'Enrolment',
    access: 'worker',
    params: WorkerId,
    body: { schema: z.object({}), limitBytes: 1_048_576, isOptional: true, example: {} },
    answer: { status: 200, description: 'The credential.', schema: Credential },
    errors: ['WORKER_UNKNOWN', 'DATABASE_UNREACHABLE'],
    run: (coordinator, { params }) => coordinator.renewCredential(params.id),
  }),
]
