/**
 * What both a statement of its own and one inside a transaction can do. Parameters are `$1`, `$2`…, as in Postgres.
 * `bigint` comes back as a number, `numeric` and `date` as text, `timestamptz` as a Date, `bytea` as a Uint8Array.
 * Values for `json` and `jsonb` are given as text: the two databases disagree about what an array means.
 */
export interface Queries {
  /** Without values, `text` may hold several statements, which succeed or fail together; all their rows come back. */
  /** @throws EverwarmError DATABASE_UNREACHABLE; the database's own errors keep their `code` (SQLSTATE) */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

/**
 * Where the coordinator keeps everything: PGlite in a folder with one owner, or Postgres with any number of them.
 * One dialect, so that nobody above asks which.
 */
export interface Database extends Queries {
  readonly kind: 'embedded' | 'postgres'
  /**
   * Committed when `work` resolves, rolled back when it throws or when any of its statements failed, caught or not;
   * begun anew after a serialisation failure or a deadlock. Inside, only `queries` may be asked: embedded, there is one
   * connection, and whoever asked for another would wait for ever, so that is refused (INTERNAL).
   * @throws EverwarmError DATABASE_UNREACHABLE; if the connection broke while it was committed, it may have been
   */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T>
  /** Reaches every process on this database, this one too. At most 8,000 bytes; inside a transaction it leaves with the commit. */
  notify(channel: string, payload: string, inside?: Queries): Promise<void>
  /**
   * `onGap` is called whenever notifications may have been missed: after each (re)connection. Returns what ends it.
   * @param channel lower-case letters and `_`
   */
  listen(channel: string, onMessage: (payload: string) => void, onGap: () => void): Promise<() => Promise<void>>
  /** Ends connections and gives up the folder. Safe to call twice. */
  close(): Promise<void>
}

/** A numbered change of tables; each runs once on a database, in order, whoever opens it first. */
export interface Migration {
  /** Who owns the tables: `coordinator`, `orchestrator`. Numbers count within it. */
  room: string
  number: number
  statements: readonly string[]
}
