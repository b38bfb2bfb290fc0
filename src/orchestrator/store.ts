import type { ErrorInfo } from '../contracts/error-info.ts'
import type { JobResult, JobState, LogLine, RunRequest, RunState } from '../contracts/runs.ts'
import type { Database, Queries } from '../database/database.ts'
import { textOf } from './canonical.ts'
import type { Job, JobEnd, Run } from './run.ts'

/** A run as it is kept. */
export interface KeptRun extends Run {
  runId: string
  request: RunRequest
  submittedAt: Date
  startedAt: Date | null
  finishedAt: Date | null
}

/** A run that this process drives, until somebody else has a higher epoch. */
export interface OwnedRun {
  run: KeptRun
  epoch: number
  isCancelAsked: boolean
}

/** What one step changed; rows, not the whole. */
export interface RunChange {
  run: Run
  jobs: readonly { job: Job; end?: JobEnd }[]
}

interface RunRow {
  run_id: string
  /** JSON, as are the errors. */
  request: string
  state: RunState
  submitted_at: Date
  started_at: Date | null
  finished_at: Date | null
  error: string | null
  cancel_asked: boolean
  epoch: number
}

export interface JobRow {
  index: number
  state: JobState
  attempts: number
  has_verdict: boolean
  duration: number | null
  error: string | null
  result: string | null
  logs: string | null
}

/** Bytes of results and logs in one page; the first job of a page is given whatever it has. */
const PAGE_BYTES = 16 * 1_048_576

export type Store = ReturnType<typeof openStore>

/** The tables of runs. `owner` is this process; its hold on a run ends after `leaseMs` without `renew`. */
export function openStore(database: Database, { owner, leaseMs }: { owner: string; leaseMs: number }) {
  const lease = `now() + interval '${leaseMs} milliseconds'`

  return {
    /** Owned by this process at once. null: there is one of that name, see `isSame`. */
    async add(runId: string, request: RunRequest): Promise<OwnedRun | null> {
      return database.transaction(async (inside) => {
        const text = textOf(request)
        const [row] = await inside.query<RunRow>(
          `insert into everwarm.orchestrator_runs (run_id, request, request_hash, state, epoch, owner, owned_until)
           values ($1, $2::text, md5($2::text), 'pending', 1, $3, ${lease}) on conflict do nothing returning *`,
          [runId, text, owner],
        )
        if (!row) return null
        await inside.query(
          'insert into everwarm.orchestrator_jobs (run_id, index) select $1, index from generate_series(0, $2::integer - 1) as index',
          [runId, request.runners.length],
        )
        return { run: await whole(inside, row), epoch: 1, isCancelAsked: false }
      })
    },

    /** Whether the run of that name was asked for in the same words. */
    async isSame(runId: string, request: RunRequest): Promise<boolean> {
      const [row] = await database.query<{ same: boolean }>(
        'select request_hash = md5($2::text) as same from everwarm.orchestrator_runs where run_id = $1',
        [runId, textOf(request)],
      )
      return row?.same ?? false
    },

    /** Takes over runs that nobody drives. @param isAlone nobody else can be at work here: whoever held them is dead */
    async claim(most: number, isAlone: boolean): Promise<OwnedRun[]> {
      return database.transaction(async (inside) => {
        const rows = await inside.query<RunRow>(
          `update everwarm.orchestrator_runs set owner = $1, owned_until = ${lease}, epoch = epoch + 1 where run_id in (
             select run_id from everwarm.orchestrator_runs where state in ('pending', 'running')
               and ${isAlone ? 'owner is distinct from $1' : '(owner is null or owned_until < now())'}
             order by submitted_at limit $2 for update skip locked) returning *`,
          [owner, most],
        )
        const claimed: OwnedRun[] = []
        for (const row of rows) claimed.push({ run: await whole(inside, row), epoch: row.epoch, isCancelAsked: row.cancel_asked })
        return claimed
      })
    },

    /** false: the run is somebody else's now, and nothing was changed. */
    async save(runId: string, epoch: number, { run, jobs }: RunChange): Promise<boolean> {
      return database.transaction(async (inside) => {
        const isOver = run.state !== 'pending' && run.state !== 'running'
        const [row] = await inside.query(
          `update everwarm.orchestrator_runs set state = $3, error = $4,
             started_at = case when $3 = 'pending' then started_at else coalesce(started_at, now()) end,
             finished_at = case when $5::boolean then now() else null end
           where run_id = $1 and epoch = $2 returning run_id`,
          [runId, epoch, run.state, run.error ? textOf(run.error) : null, isOver],
        )
        if (!row) return false
        for (const { job, end } of jobs) await saveJob(inside, runId, job, end)
        return true
      })
    },

    /** @returns what is still this process's, and whether somebody wants it cancelled */
    async renew(runIds: readonly string[]): Promise<{ runId: string; epoch: number; isCancelAsked: boolean }[]> {
      const rows = await database.query<RunRow>(
        `update everwarm.orchestrator_runs set owned_until = ${lease} where owner = $1 and run_id = any($2::text[])
           and state in ('pending', 'running') returning run_id, epoch, cancel_asked`,
        [owner, [...runIds]],
      )
      return rows.map((row) => ({ runId: row.run_id, epoch: row.epoch, isCancelAsked: row.cancel_asked }))
    },

    /** Lets others go on with them at once. */
    async release(runIds: readonly string[]): Promise<void> {
      await database.query(
        'update everwarm.orchestrator_runs set owner = null, owned_until = null where owner = $1 and run_id = any($2::text[])',
        [owner, [...runIds]],
      )
    },

    /** Ended runs that are older go. */
    async forget(keepMs: number): Promise<void> {
      await database.query(`delete from everwarm.orchestrator_runs where finished_at < now() - interval '${keepMs} milliseconds'`)
    },

    async askCancel(runId: string): Promise<void> {
      await database.query('update everwarm.orchestrator_runs set cancel_asked = true where run_id = $1', [runId])
    },

    /** Without what the jobs brought. */
    async read(runId: string): Promise<{ run: KeptRun; rows: readonly JobRow[] } | null> {
      const [row] = await database.query<RunRow>('select * from everwarm.orchestrator_runs where run_id = $1', [runId])
      if (!row) return null
      const rows = await jobRows(database, runId)
      return { run: withJobs(row, rows), rows }
    },

    /** What the jobs after `after` brought, as many as fit into a page. */
    async results(runId: string, after: number, limit: number): Promise<Map<number, Pick<JobResult, 'result' | 'logs'>>> {
      const rows = await database.query<JobRow>(
        `select index, result, logs from (
           select index, result, logs, row_number() over paged as at,
             sum(coalesce(length(result), 0) + coalesce(length(logs), 0)) over paged as bytes
           from everwarm.orchestrator_jobs where run_id = $1 and index > $2 window paged as (order by index)
         ) as sized where at = 1 or (at <= $3 and bytes <= ${PAGE_BYTES}) order by index`,
        [runId, after, limit],
      )
      return new Map(rows.map((row) => [row.index, broughtBy(row)]))
    },
  }
}

async function saveJob(inside: Queries, runId: string, job: Job, end?: JobEnd): Promise<void> {
  const answer = end && 'answer' in end ? end.answer : undefined
  const error = end && 'error' in end ? end.error : answer?.error
  await inside.query(
    `update everwarm.orchestrator_jobs set state = $3, attempts = $4, has_verdict = $5, duration = $6, error = $7,
       result = $8, logs = $9 where run_id = $1 and index = $2`,
    [
      runId,
      job.index,
      job.state,
      job.attempts,
      job.hasVerdict,
      answer?.duration ?? null,
      error ? textOf(error) : null,
      answer && 'result' in answer ? textOf(answer.result) : null,
      answer?.logs.length ? textOf(answer.logs) : null,
    ],
  )
}

function jobRows(queries: Queries, runId: string): Promise<JobRow[]> {
  return queries.query<JobRow>(
    'select index, state, attempts, has_verdict, duration, error from everwarm.orchestrator_jobs where run_id = $1 order by index',
    [runId],
  )
}

async function whole(queries: Queries, row: RunRow): Promise<KeptRun> {
  return withJobs(row, await jobRows(queries, row.run_id))
}

function withJobs(row: RunRow, rows: readonly JobRow[]): KeptRun {
  const request = JSON.parse(row.request) as RunRequest
  return {
    runId: row.run_id,
    request,
    state: row.state,
    submittedAt: row.submitted_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    ...(row.error ? { error: JSON.parse(row.error) as ErrorInfo } : {}),
    jobs: rows.map(({ index, state, attempts, has_verdict }) => ({
      index,
      name: request.runners[index]!.name,
      region: request.runners[index]!.region ?? null,
      state,
      attempts,
      hasVerdict: has_verdict,
    })),
  }
}

function broughtBy({ result, logs }: JobRow): Pick<JobResult, 'result' | 'logs'> {
  return {
    ...(result === null ? {} : { result: JSON.parse(result) as unknown }),
    logs: logs === null ? [] : (JSON.parse(logs) as LogLine[]),
  }
}
