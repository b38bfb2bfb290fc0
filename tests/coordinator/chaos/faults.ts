import pg from 'pg'
import type { Fleet } from './fleet.ts'
import { processes } from './processes.ts'

export const FAULTS = ['coordinator', 'worker', 'program', 'cut', 'freeze', 'callers', 'both', 'database', 'databases'] as const
export type Fault = (typeof FAULTS)[number]

/** How often each is chosen, against the others; those of databases only where there is a server. */
const WEIGHTS: Record<Fault, number> = {
  coordinator: 12,
  worker: 18,
  program: 24,
  cut: 16,
  freeze: 4,
  callers: 6,
  both: 1,
  database: 10,
  databases: 6,
}

export function faultBy(chance: number, hasServer: boolean): Fault {
  const choice = FAULTS.filter((fault) => hasServer || !fault.startsWith('database'))
  let left = chance * choice.reduce((sum, fault) => sum + WEIGHTS[fault], 0)
  return choice.find((fault) => (left -= WEIGHTS[fault]) < 0) ?? 'worker'
}

/** Does it, and resolves when whatever was killed is there again. */
export async function inflict(
  fault: Fault,
  fleet: Fleet,
  sessionId: string,
  databaseUrl: string | undefined,
  uniform: () => number,
) {
  const some = (count: number) => Math.floor(uniform() * count)
  switch (fault) {
    case 'coordinator':
      return fleet.killCoordinator(some(fleet.coordinators))
    case 'worker':
      return fleet.killWorker(some(fleet.workers))
    case 'both':
      return void (await Promise.all([fleet.killCoordinator(some(fleet.coordinators)), fleet.killWorker(some(fleet.workers))]))
    case 'program': {
      const running = programsOf(sessionId)
      if (running.length > 0) kill(running[some(running.length)]!)
      return
    }
    case 'cut':
      return fleet.link(some(fleet.workers)).cut()
    case 'freeze':
      return fleet.link(some(fleet.workers)).freeze()
    case 'callers':
      return fleet.callers.cut()
    case 'database':
    case 'databases':
      return endConnections(databaseUrl!, fault === 'database' ? 1 : 1_000)
  }
}

/** Shard programs of a session that run now. */
export const programsOf = (sessionId: string) =>
  processes().flatMap(({ pid, command }) => (command.startsWith(sessionId) ? [pid] : []))

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has just ended by itself.
  }
}

async function endConnections(url: string, most: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(
    `select pg_terminate_backend(pid) from (select pid from pg_stat_activity
     where datname = current_database() and application_name = 'everwarm' order by random() limit ${most}) as chosen`,
  )
  await client.end()
}
