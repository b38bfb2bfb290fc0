import { z } from 'zod'
import { ArtifactAnnounce, ArtifactAnswer, ArtifactOwnerId, ArtifactPage, Sha256 } from '../../../contracts/artifacts.ts'
import type { ArtifactService } from '../../artifact-service.ts'
import type { DescribedRoute } from '../answer-request.ts'
import type { Mount } from '../app.ts'
import { whole } from '../inputs.ts'
import { artifactRoutes } from './artifacts.ts'

const OfHash = z.object({ hash: Sha256.describe('SHA-256 of the bytes') })
const MiB = 1_048_576

const DESCRIBES: DescribedRoute[] = [
  {
    method: 'post',
    path: '/api/artifacts',
    operation: 'announceArtifact',
    summary: 'Announce a file: it exists already, or goes to the address that is answered',
    tag: 'Artifacts',
    access: 'worker',
    body: {
      schema: ArtifactAnnounce,
      limitBytes: MiB / 16,
      example: {
        sha256: '0'.repeat(64),
        size: 1_024,
        name: 'trace.zip',
        type: 'application/zip',
        kind: 'trace',
        sessionId: 's-1',
      },
    },
    answer: { status: 200, description: 'Whether it is there, or where it goes.', schema: ArtifactAnswer },
    errors: ['SESSION_UNKNOWN', 'ATTEMPT_STALE', 'ARTIFACT_TOO_LARGE', 'STORE_UNREACHABLE'],
  },
  {
    method: 'put',
    path: '/api/artifacts/sha256/{hash}',
    operation: 'uploadArtifact',
    summary: 'The bytes of a file, to the signed address of its announcement',
    tag: 'Artifacts',
    access: 'open',
    params: OfHash,
    body: {
      schema: z.unknown(),
      contentType: 'application/octet-stream',
      limitBytes: Number.MAX_SAFE_INTEGER,
      example: undefined,
    },
    answer: { status: 201, description: 'It is stored.', schema: z.object({ sha256: Sha256, size: z.number() }) },
    errors: ['FORBIDDEN', 'ARTIFACT_MISMATCH', 'ARTIFACT_TOO_LARGE', 'STORE_UNREACHABLE'],
  },
  {
    method: 'get',
    path: '/api/artifacts/sha256/{hash}',
    operation: 'downloadArtifact',
    summary: 'The bytes of a file, by its signed address or with the token',
    tag: 'Artifacts',
    access: 'everything',
    params: OfHash,
    answer: { status: 200, description: 'The bytes.', contentType: 'application/octet-stream' },
    errors: ['ARTIFACT_UNKNOWN', 'STORE_UNREACHABLE'],
  },
  {
    method: 'get',
    path: '/api/execution/parallel/{id}/artifacts',
    operation: 'listArtifacts',
    summary: 'Files of a session',
    tag: 'Artifacts',
    access: 'everything',
    params: z.object({ id: ArtifactOwnerId.describe('Id of a session') }),
    query: z.object({
      limit: whole(1, 10_000).default(1_000),
      after: z.string().optional().describe('`next` of the page before'),
    }),
    answer: { status: 200, description: 'A page of them.', schema: ArtifactPage },
    errors: ['SESSION_UNKNOWN', 'STORE_UNREACHABLE'],
  },
]

/** Artifacts as a part of the app. Signed addresses need no token. */
export const artifactMount = (service: ArtifactService): Mount => ({
  paths: ['/api/artifacts', '/api/artifacts/*', '/api/execution/parallel/:id/artifacts'],
  access: 'own',
  fetch: artifactRoutes(service),
  describes: DESCRIBES,
})
