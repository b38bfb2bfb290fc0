import { z } from 'zod'

/** Kinds of processes that the pool keeps. A new one: its profile here, its row in `pool/kinds.ts`, its driver in the daemon's `main.ts`. */
export const Environment = z.enum(['node', 'chromium', 'vitest', 'wasm', 'vitest-child', 'runtime', 'browser', 'api'])
export type Environment = z.infer<typeof Environment>

const Variables = z.record(z.string(), z.string())

/** All that is fixed when a host process of Node is spawned. Equal profiles can share hosts. */
export const HostProfile = z.object({
  environment: z.literal('node'),
  nodePath: z.string(),
  execArgv: z.array(z.string()),
  /** The whole environment of the first client; only what `fixedEnv` names takes part in the key. */
  env: Variables,
  cwd: z.string(),
  /** Absolute folder of the project; hosts of one root are not lent to another. */
  root: z.string(),
  /** Absolute path of the project's `vitest/package.json`. */
  vitestPackage: z.string(),
  /** Vitest environments to load before the first lease: `jsdom`, `happy-dom`… */
  preload: z.array(z.string()),
  /** Where packs are kept; content-addressed, shared by all hosts of this user. */
  cacheDir: z.string(),
})
export type HostProfile = z.infer<typeof HostProfile>

/**
 * All that is fixed when a browser is started: what Playwright itself would have spawned. Equal command, arguments and
 * `browserEnv` can share browsers, whatever project or version of Playwright they come from.
 */
export const BrowserProfile = z.object({
  environment: z.literal('chromium'),
  /** Absolute path of the program. */
  command: z.string(),
  /** Without the profile's folder, which is the host's own. */
  args: z.array(z.string()),
  env: Variables,
  cwd: z.string(),
})
export type BrowserProfile = z.infer<typeof BrowserProfile>

/** A Vitest that has read its configuration and waits for the word to run: it serves one run, then another is prepared. */
export const ResidentProfile = z.object({
  environment: z.literal('vitest'),
  nodePath: z.string(),
  /** Every variable takes part in the key, but those that say nothing (`_`, `SHLVL`, …): a configuration may read any. */
  env: Variables,
  cwd: z.string(),
  /** Absolute path of the project's `vitest/package.json`. */
  vitestPackage: z.string(),
  /** What was typed after `everwarm vitest`. Only its options take part in the key, filters do not. */
  argv: z.array(z.string()),
  /** Which of the file descriptors 0, 1 and 2 are terminals: Vitest looks at them while it is loaded. */
  terminals: z.array(z.boolean()).length(3),
})
export type ResidentProfile = z.infer<typeof ResidentProfile>

/** A process of Node that runs wasm, many programs at once: nothing of a project is fixed at its start. */
export const WasmProfile = z.object({
  environment: z.literal('wasm'),
  /** Absolute path of the Node whose engine runs it. */
  nodePath: z.string(),
})
export type WasmProfile = z.infer<typeof WasmProfile>

/** A process for one Vitest worker, in Node, bun or deno: it has loaded the worker's side of Vitest, and ends after its worker. */
export const ChildProfile = z.object({
  environment: z.literal('vitest-child'),
  runtime: z.enum(['node', 'bun', 'deno']),
  /** Absolute path of the program. */
  command: z.string(),
  /** Flags of the runtime. */
  args: z.array(z.string()),
  /** Of the first client; only what is read at the start of a process takes part in the key. */
  env: Variables,
  /** Absolute folder of the project. */
  root: z.string(),
  /** Absolute path of the project's `vitest/package.json`. */
  vitestPackage: z.string(),
})
export type ChildProfile = z.infer<typeof ChildProfile>

/** A runtime that lends contexts of JavaScript: each starts empty and ends with its lease. */
export const RuntimeProfile = z.object({
  environment: z.literal('runtime'),
  runtime: z.enum(['node', 'bun', 'deno', 'workerd']),
  /** Absolute path of the program. */
  command: z.string(),
  /** What code in a context sees. */
  env: Variables,
  cwd: z.string(),
})
export type RuntimeProfile = z.infer<typeof RuntimeProfile>
/** A browser whose contexts or sessions are lent to any program: by its DevTools, by WebDriver (with BiDi where it has one). */
export const LentBrowserProfile = z.object({
  environment: z.literal('browser'),
  /** As in `environments/browsers/names.ts`. */
  name: z.string(),
  /** Absolute path of the browser's program. */
  command: z.string(),
  /** Absolute path of the program that speaks WebDriver for it; empty where none is needed. */
  driverCommand: z.string(),
  /** `bidi` is WebDriver with dialogs left to its holder, as clients of BiDi want them. */
  driver: z.enum(['cdp', 'webdriver', 'bidi']),
  args: z.array(z.string()),
  env: Variables,
  cwd: z.string(),
})
export type LentBrowserProfile = z.infer<typeof LentBrowserProfile>

/** A process that keeps connections to servers open, for clients of APIs. */
export const ApiProfile = z.object({
  environment: z.literal('api'),
  /** Only what decides whom it trusts. */
  env: Variables,
})
export type ApiProfile = z.infer<typeof ApiProfile>

/** What a slot of the pool is opened for. */
export const PoolProfile = z.discriminatedUnion('environment', [
  HostProfile,
  BrowserProfile,
  ResidentProfile,
  WasmProfile,
  ChildProfile,
  RuntimeProfile,
  LentBrowserProfile,
  ApiProfile,
])
export type PoolProfile = z.infer<typeof PoolProfile>

export type ProfileOf<E extends Environment> = Extract<PoolProfile, { environment: E }>
