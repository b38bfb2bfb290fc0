import type { Migration } from '../database/database.ts'

/** The coordinator's tables. Times are the database's own, so that coordinators need not agree on theirs. */
export const COORDINATOR_TABLES: readonly Migration[] = [
  {
    room: 'coordinator',
    number: 1,
    statements: [
      `create table everwarm.sessions (
        id uuid primary key,
        name text,
        status text not null,
        config jsonb not null,
        run jsonb not null,
        classes jsonb not null,
        total int not null,
        passed int not null default 0,
        failed int not null default 0,
        skipped int not null default 0,
        fail_fast int not null,
        error jsonb,
        created_at timestamptz not null default now(),
        started_at timestamptz,
        finished_at timestamptz,
        deadline_at timestamptz not null
      )`,
      `create index sessions_open on everwarm.sessions (deadline_at) where status in ('pending', 'running')`,
      `create table everwarm.shards (
        id uuid primary key,
        session_id uuid not null references everwarm.sessions (id) on delete cascade,
        index int not null,
        class text not null,
        status text not null,
        attempt int not null default 0,
        worker_id text,
        coordinator_id uuid,
        test_count int not null,
        completed int not null default 0,
        estimate_ms double precision not null,
        priority int not null,
        started_at timestamptz,
        finished_at timestamptz,
        deadline_at timestamptz,
        unique (session_id, index)
      )`,
      `create index shards_running on everwarm.shards (worker_id) where status = 'running'`,
      `create table everwarm.tests (
        session_id uuid not null references everwarm.sessions (id) on delete cascade,
        id text not null,
        shard_id uuid not null,
        position int not null,
        estimate_ms double precision not null,
        losses int not null default 0,
        body jsonb not null,
        primary key (session_id, id)
      )`,
      `create index tests_of_shard on everwarm.tests (shard_id)`,
      `create table everwarm.results (
        session_id uuid not null references everwarm.sessions (id) on delete cascade,
        test_id text not null,
        shard_id uuid not null,
        attempt int not null,
        worker_id text,
        status text not null,
        duration double precision not null,
        body jsonb not null,
        primary key (session_id, test_id)
      )`,
      `create table everwarm.workers (
        id text primary key,
        name text not null,
        type text not null,
        host text,
        port int,
        capabilities jsonb not null,
        vnc_url text,
        version text,
        is_linked boolean not null,
        coordinator_id uuid,
        is_gone boolean not null default false,
        away_until timestamptz,
        is_draining boolean not null default false,
        has_failed boolean not null default false,
        last_seen timestamptz not null default now()
      )`,
      `create table everwarm.events (
        id bigserial primary key,
        type text not null,
        session_id uuid,
        at timestamptz not null default clock_timestamp(),
        data jsonb not null
      )`,
      `create index events_of_session on everwarm.events (session_id, id)`,
      `create table everwarm.tokens (
        hash text primary key,
        kind text not null,
        worker_id text,
        name text,
        expires_at timestamptz not null,
        used_at timestamptz
      )`,
      `create table everwarm.coordinators (
        id uuid primary key,
        last_seen timestamptz not null default now()
      )`,
      `create table everwarm.durations (
        project text not null,
        test_id text not null,
        duration double precision not null,
        last_status text not null,
        last_failed timestamptz,
        primary key (project, test_id)
      )`,
    ],
  },
]
