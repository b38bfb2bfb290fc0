import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import type { ArtifactStore } from '../../src/artifacts/artifact-store.ts'
import { openDiskStore } from '../../src/artifacts/disk.ts'
import { EverwarmError } from '../../src/contracts/errors.ts'
import { ARTIFACT_MIGRATIONS, artifactIndex } from '../../src/coordinator/artifact-index.ts'
import type { ArtifactIndex } from '../../src/coordinator/artifact-index.ts'
import { artifactService } from '../../src/coordinator/artifact-service.ts'
import type { ArtifactService, ArtifactServiceOptions } from '../../src/coordinator/artifact-service.ts'
import { artifactRoutes } from '../../src/coordinator/http/routes/artifacts.ts'
import type { Caller } from '../../src/coordinator/service.ts'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open.ts'
import { errorAnswer } from '../../src/system/http/status.ts'

export interface ArtifactHouse {
  url: string
  home: string
  store: ArtifactStore
  index: ArtifactIndex
  database: Database
  service: ArtifactService
  clock: { nowMs: number }
  close(): Promise<void>
}

const CALLERS: Record<string, Caller> = { admin: { may: 'everything' }, worker: { may: 'work', workerId: 'w1' } }

/** Store, index, service and routes behind a real server, as the coordinator has them; shards `s1/1` are held by `w1`. */
export async function artifactHouse(options: Partial<ArtifactServiceOptions> = {}): Promise<ArtifactHouse> {
  const home = mkdtempSync(join(tmpdir(), 'everwarm-artifact-house-'))
  const database = await openDatabase({ folder: join(home, 'db'), migrations: ARTIFACT_MIGRATIONS })
  const store = options.store ?? openDiskStore(join(home, 'store'))
  const index = artifactIndex(database)
  const clock = { nowMs: Date.now() }
  const guard: ArtifactServiceOptions['guard'] = {
    async announce(caller, { shardId, attempt }) {
      if (caller.may === 'work' && (shardId !== 's1' || attempt !== 1))
        throw new EverwarmError('ATTEMPT_STALE', { message: 'Somebody else holds it.' })
    },
    async list(caller) {
      if (caller.may !== 'everything') throw new EverwarmError('FORBIDDEN', { message: 'Not for workers.' })
    },
  }
  const service = artifactService({ store, index, guard, now: () => clock.nowMs, ...options })
  const routes = artifactRoutes(service)
  const server = createAdaptorServer({ fetch: (request) => answered(routes(request, callerOf(request))) })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    ;(server as import('node:http').Server).closeAllConnections()
    server.close()
    await database.close()
    rmSync(home, { recursive: true, force: true })
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    home,
    store,
    index,
    database,
    service,
    clock,
    close,
  }
}

const callerOf = (request: Request): Caller | undefined => CALLERS[request.headers.get('authorization')?.slice(7) ?? '']

async function answered(answer: Promise<Response | undefined>): Promise<Response> {
  try {
    return (await answer) ?? new Response('not ours', { status: 404 })
  } catch (error) {
    // Much of a body may not have been read: nobody is to use the connection again.
    const answer = errorAnswer(error)
    answer.headers.set('connection', 'close')
    return answer
  }
}
