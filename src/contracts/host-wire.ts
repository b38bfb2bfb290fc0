import type { LentBrowserProfile } from './profiles.ts'

/**
 * What a host and the holder of its lease say to each other over the host's socket.
 * Frames: 4 bytes length (big endian), then `v8.serialize` of one of these.
 * The first frame of a connection is `open`; a wrong token closes it.
 */
export type ToHost =
  | { kind: 'open'; token: string }
  /**
   * A world begins: what a fresh Vitest worker process would have got at spawn.
   * `config` is sent when the host has not seen `configKey` on this connection yet.
   */
  | {
      kind: 'begin'
      world: number
      env: Record<string, string>
      cwd: string
      /** One run of one project (a rerun of watch mode is another): caches of transforms are valid inside one. */
      runId: string
      /**
       * One file, then over: the world may end by itself after its first `testfileFinished`, as if `stop` had come,
       * which saves a round trip. `stop` is sent all the same and ignored for a world that is gone.
       */
      isOnce: boolean
      /** Whose worker it is to be: for the VM pools the file runs in a fresh `vm` context. */
      pool: StockPool
    }
  /**
   * One message of Vitest's own worker protocol or its birpc. The host keeps `run` back until the worker has said
   * `started`: Vitest's own message loop cannot take it before.
   */
  | { kind: 'vitest'; world: number; message: unknown }
  /**
   * Vitest is asked this already, and the worker need not ask it; the answer comes as one of Vitest's messages, under this
   * id. It may also never come, for a worker that never asks.
   */
  | { kind: 'asked'; world: number; id: string; method: string; args: unknown[] }
  /** Are you alive? Answered by the event loop itself: a host that does not answer is inside an endless loop. */
  | { kind: 'ping'; n: number }

/** Vitest's own pools that a warm host can stand in for. */
export type StockPool = 'forks' | 'vmThreads' | 'vmForks'

export type FromHost =
  | { kind: 'vitest'; world: number; message: unknown }
  /** `process.stdout.write` and `process.stderr.write` of test code, in order with the messages. */
  | { kind: 'output'; world: number; fd: 1 | 2; chunk: string | Uint8Array }
  /** The file asks for what only a process of its own can give: what it reports here is not to be believed. */
  | { kind: 'unfit'; world: number; reason: string }
  /** The world is gone and the process restored, or not: then `taints` says what was left. */
  | { kind: 'restored'; world: number; report: WorldReport }
  | { kind: 'pong'; n: number }
  /**
   * Several of the above, in order: one write instead of many. Those that had to wait for the others are bytes of
   * `v8.serialize`, made when they were said: Vitest goes on writing into what it has reported.
   */
  | { kind: 'many'; frames: (FromHost | Uint8Array)[] }

/**
 * What a host notes in a file of its own before it lets code of a test file run: an endless loop lets nothing out
 * over the socket any more. Only read when a host does not answer.
 */
export interface LastWord {
  /** Frames sent on this connection so far; those in `frames` come after them and may have been sent since. */
  sent: number
  /** Frames that were waiting for company. */
  frames: (FromHost | Uint8Array)[]
  /** Tasks that ended since the last word, as `onTaskUpdate` would have said it: id, result, meta. */
  ended: [id: string, result: unknown, meta: unknown][]
  doing: Doing
}

/** What comes next in a host; ids are those of Vitest's tasks. */
export type Doing =
  | { kind: 'loading'; what: 'setup file' | 'test file'; path: string }
  | { kind: 'test'; id: string }
  /** Hooks around the tests of a suite or file. */
  | { kind: 'suite'; id: string }
  /** All tests are over; what is left is the environment's end. */
  | { kind: 'ending' }

/** The file of a host's last words; null for a named pipe, which stands in no folder. */
export function lastWordsPath(address: string): string | null {
  return address.startsWith('\\\\') ? null : `${address}.last`
}

export interface WorldReport {
  /** Why this process must not be lent again, in words a user understands; empty when clean. */
  taints: Taint[]
  /** ms of the phases of this world, measured inside the host. */
  restoreMs: number
  rssBytes: number
  heapBytes: number
  /** Worlds this process has had, this one included. */
  worlds: number
  /** First world after the process started: nothing can have leaked into it. */
  pristine: boolean
}

export interface Taint {
  code:
    | 'handle'
    | 'child-process'
    | 'native-addon'
    | 'unrestorable-global'
    | 'unrestorable-process'
    | 'stray-rejection'
    | 'changed-module'
    | 'native-import'
    | 'loader-hook'
    | 'worker-thread'
    | 'v8-flags'
    /** Of a prepared Vitest: what it was prepared from, or for, is another now. */
    | 'outdated'
    /** A browser's context that did not go with its lease. */
    | 'context-left'
    /** A context that could not be opened. */
    | 'context-failed'
    /** Its browser ended: so will the host, in a moment. */
    | 'browser-ended'
    /** A command to the browser as a whole, which no end of a context takes back. */
    | 'browser-command'
  detail: string
}

/**
 * Calls of Vitest's worker that only report. The host answers them itself and forwards them without an id,
 * so that a test never waits for the main process to have heard of it.
 */
export const REPORTS: ReadonlySet<string> = new Set([
  'onCollected',
  'onTaskUpdate',
  'onTestBenchmark',
  'onUserConsoleLog',
  'onUnhandledError',
  'onAsyncLeaks',
  'onAfterSuiteRun',
  'onTestModuleDependencies',
  // `bail` ends the run by it: only a verdict that counts may do that
  'onCancel',
  'snapshotSaved',
  'writeBenchmarkResult',
])

/**
 * Calls that only report, and that Vitest is to hear at once, in a way that it could refuse. The host answers them itself;
 * a run whose report was refused is not believed.
 */
export const NOTICES: ReadonlySet<string> = new Set(['onQueued'])

/** Between the daemon and a host, over Node's IPC channel (JSON). */
export type DaemonToHost =
  | { kind: 'boot'; hostId: string; address: string; cacheDir: string; root: string; vitestPackage: string; preload: string[] }
  | {
      kind: 'boot-browser'
      address: string
      command: string
      args: string[]
      env: Record<string, string>
      cwd: string
      /** For the browser's profile and temporary files; made by the host, removed when both are gone. */
      folder: string
    }
  | { kind: 'boot-resident'; address: string; vitestPackage: string; argv: string[]; terminals: boolean[] }
  | { kind: 'boot-wasm'; address: string }
  /** `address` null: nobody else leads to it, and Vitest speaks over this channel (`ChildLine`). */
  | { kind: 'boot-child'; address: string | null; vitestPackage: string }
  /** `folder`: for files of the host's own; made by it, removed when it is gone. */
  | {
      kind: 'boot-runtime'
      address: string
      runtime: 'node' | 'bun' | 'deno' | 'workerd'
      command: string
      env: Record<string, string>
      cwd: string
      folder: string
    }
  | {
      kind: 'boot-api'
      address: string
      /** Its second socket stands there, which takes requests of those who hold a lease. */
      folder: string
    }
  | ({ kind: 'boot-lending'; address: string; folder: string } & Omit<LentBrowserProfile, 'environment'>)
  | { kind: 'expect'; token: string }
  /** The holder of the lease is gone, perhaps before it ever connected. */
  | { kind: 'reclaim'; token: string }

export type HostToDaemon =
  | { kind: 'ready'; rssBytes: number; heapBytes: number }
  /** The lease is over, its context is being cleared; `world-done` follows. Browsers only. */
  | { kind: 'returning'; token: string }
  /** `returned`: the token of the lease that is over by it. */
  | { kind: 'world-done'; files: number; rssBytes: number; heapBytes: number; taints: Taint[]; returned?: string }
  | { kind: 'boot-failed'; message: string }
