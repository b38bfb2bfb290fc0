import { readdirSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { parseArgs } from 'node:util'
import { EverwarmError } from '../contracts/errors.ts'
import { bailOf, refuseArgs, refuseLines, refuseOutside } from '../coordinator/caller/refuse-args.ts'
import { type RemoteRun, runRemotely } from '../coordinator/caller/run-remotely.ts'
import { splitHostArgs } from '../coordinator/caller/host-args.ts'
import { coordinatorClient } from '../coordinator/http/client.ts'
import { type HostName, hostsOf } from '../sharding/list-files.ts'
import { badInput, wholeNumber } from './command.ts'
import { coordinatorAddress } from './coordinator-address.ts'
import { forCommandLine } from './remote-hints.ts'

const SEE = 'everwarm test --help'
const HELP = `everwarm test: run a Vitest or Playwright project on the workers of a coordinator

  everwarm test --workers remote [options] [files…] [-- the host's own options]

  --workers remote       on all workers of the coordinator that have what the tests need
  --coordinator <url>    http://127.0.0.1:8632 by default; or EVERWARM_COORDINATOR
  --token <token>        its token; or EVERWARM_TOKEN; default: that of this user's coordinator on this machine
  --host <name>          vitest or playwright; default: the one that is set up here
  --directory <path>     the project's folder in the workers' checkout; default: where it is in this one
  --strategy <name>      duration (default), fail-first, round-robin, file, tag
  --shards <n>           default: one for each place of the workers
  --mode <mode>          dynamic (default): workers pull small shards; static: exactly <n>
  --fail-fast <n>        end after so many red files; default: what --bail or --max-failures of the host says
  --browser <name>       only on workers that have it; may be repeated
  --tag <tag>            only on workers with this tag; may be repeated

  Reports come out of the host's own reporters, here, when the last result is in: -- --reporter=junit --outputFile=out.xml
  Exit codes: those of the host.`

const OPTIONS = {
  workers: { type: 'string' },
  coordinator: { type: 'string' },
  token: { type: 'string' },
  host: { type: 'string' },
  directory: { type: 'string' },
  strategy: { type: 'string' },
  shards: { type: 'string' },
  mode: { type: 'string' },
  'fail-fast': { type: 'string' },
  browser: { type: 'string', multiple: true },
  tag: { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h' },
} as const

/** What follows `--` is the host's. @throws EverwarmError BAD_INPUT and what a run may meet */
export async function test(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const border = args.indexOf('--')
  const { values, positionals } = parsed(border === -1 ? args : args.slice(0, border))
  if (values.help) {
    process.stdout.write(`${HELP}\n`)
    return 0
  }
  if (values.workers !== 'remote')
    throw badInput(
      values.workers === undefined
        ? 'Where should the tests run? `--workers remote`; here they run by `npx vitest` or `npx playwright test`.'
        : `--workers is "remote", not "${values.workers}".`,
      SEE,
    )
  const run = remoteRun(values, positionals, border === -1 ? [] : args.slice(border + 1), env)
  // While a coordinator is away nothing else keeps this process: it waits for it to come back.
  const waiting = setInterval(() => {}, 2 ** 30)
  try {
    return await runRemotely({ ...run, signal: interruption() })
  } catch (error) {
    throw forCommandLine(error, SEE)
  } finally {
    clearInterval(waiting)
  }
}

/** @throws EverwarmError BAD_INPUT, TOKEN_MISSING, CONFIG_INVALID */
function remoteRun(values: Values, filters: string[], given: string[], env: NodeJS.ProcessEnv): Omit<RemoteRun, 'signal'> {
  const root = process.cwd()
  const host = hostHere(root, values.host)
  const directory = values.directory ?? directoryInCheckout(root)
  const { run: args, report: reportArgs } = splitHostArgs(given)
  refuseOutside(directory)
  refuseLines(host, filters)
  refuseArgs(host, args)
  return {
    client: coordinatorClient(coordinatorAddress({ ...values, browser: undefined, tag: undefined }, env)),
    project: { host, root, directory, filters, args },
    reportArgs,
    config: configOf(values, bailOf(host, args)),
    env,
  }
}

/** @param bail red files after which the host itself would end */
function configOf(values: Values, bail = 0): RemoteRun['config'] {
  return {
    ...(values.strategy === undefined ? {} : { strategy: values.strategy }),
    ...(values.shards === undefined
      ? {}
      : { shards: wholeNumber(values.shards, { name: '--shards', min: 1, max: 10_000, otherwise: 1, see: SEE }) }),
    ...(values.mode === undefined ? {} : { mode: modeOf(values.mode) }),
    failFast: wholeNumber(values['fail-fast'], { name: '--fail-fast', min: 0, max: 1_000_000, otherwise: bail, see: SEE }),
    needs: { ...(values.browser ? { browsers: values.browser } : {}), ...(values.tag ? { tags: values.tag } : {}) },
  }
}

type Values = ReturnType<typeof parsed>['values']

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: true })
  } catch (cause) {
    const [message] = (cause as Error).message.split('. ')
    throw badInput(`${message!.replace(/\.$/, '')}. The host's own options follow a "--".`, SEE, cause)
  }
}

function modeOf(mode: string): 'dynamic' | 'static' {
  if (mode === 'dynamic' || mode === 'static') return mode
  throw badInput(`--mode is dynamic or static, not "${mode}".`, SEE)
}

function hostHere(root: string, asked: string | undefined): HostName {
  if (asked === 'vitest' || asked === 'playwright') return asked
  if (asked !== undefined) throw badInput(`--host is vitest or playwright, not "${asked}".`, SEE)
  const [host, other] = hostsOf(root, readdirSync(root))
  if (host && !other) return host
  throw new EverwarmError('BAD_INPUT', {
    message: host ? 'Both Vitest and Playwright are set up here.' : `Neither Vitest nor Playwright is set up in ${root}.`,
    hint: host ? 'Choose one: `--host vitest` or `--host playwright`.' : 'Run this in the folder of the project’s configuration.',
  })
}

/** Workers stand in a checkout of the same repository; this folder is found there where it is here. */
function directoryInCheckout(root: string): string {
  for (let at = root; ; at = resolve(at, '..')) {
    if (readdirSync(at).includes('.git')) return relative(at, root).split(sep).join('/') || '.'
    if (resolve(at, '..') === at) return '.'
  }
}

/** The first Ctrl-C cancels the session and prints what there is; the second ends at once. */
function interruption(): AbortSignal {
  const calling = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (calling.signal.aborted) process.exit(130)
      calling.abort()
    })
  return calling.signal
}
