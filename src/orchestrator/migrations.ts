import type { Migration } from '../database/database.ts'

/**
 * `epoch` is the fencing token of a run: raised with each owner, and asked for with each change.
 * What people sent is kept as text: jsonb takes neither every string of JSON (`\\u0000`) nor every depth.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    room: 'orchestrator',
    number: 1,
    statements: [
      `create table everwarm.orchestrator_runs (
        run_id text primary key,
        request text not null,
        request_hash text not null,
        state text not null,
        submitted_at timestamptz not null default now(),
        started_at timestamptz,
        finished_at timestamptz,
        error text,
        cancel_asked boolean not null default false,
        epoch integer not null default 0,
        owner text,
        owned_until timestamptz
      )`,
      `create index orchestrator_runs_open on everwarm.orchestrator_runs (submitted_at) where state in ('pending', 'running')`,
      `create table everwarm.orchestrator_jobs (
        run_id text not null references everwarm.orchestrator_runs on delete cascade,
        index integer not null,
        state text not null default 'pending',
        attempts integer not null default 0,
        has_verdict boolean not null default false,
        duration double precision,
        error text,
        result text,
        logs text,
        primary key (run_id, index)
      )`,
    ],
  },
]
