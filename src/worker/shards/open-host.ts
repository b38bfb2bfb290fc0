import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { EverwarmError } from '../../contracts/errors.ts'
import type { HostRun } from '../../contracts/session.ts'
import { folderWithin, pathWithin } from '../commands.ts'
import { refuseLoadingVariables } from '../given-env.ts'
import type { GroupReaper } from '../reaper.ts'
import { commandHost } from './command-host.ts'
import type { TestHost } from './host-types.ts'
import { playwrightHost } from './playwright-host.ts'
import { refusePlaywrightArgs } from './playwright-args.ts'
import { vitestHost } from './vitest-host.ts'

export interface OpenHostOptions {
  /** The worker's folder; its real path. */
  directory: string
  /** Commands that a session may run for its tests. */
  allowed: readonly string[]
  env: NodeJS.ProcessEnv
  scratch: string
  /** Where the worker looks at browsers; absent: it does not. */
  viewFolder: string | undefined
  reaper: GroupReaper
}

const CONFIGS = {
  vitest: /^(?:vitest|vite)\.config\.[cm]?[jt]s$/,
  playwright: /^playwright\.config\.[cm]?[jt]s$/,
} as const

/** @throws EverwarmError BAD_INPUT, COMMAND_REFUSED, HOST_START_FAILED */
export function openHost(run: HostRun, options: OpenHostOptions): TestHost {
  const directory = folderWithin(options.directory, run.directory)
  refuseLoadingVariables(run.env)
  const host = hostFor(run, directory, options)
  return {
    ...host,
    run(order, tests, events) {
      for (const { path } of tests) pathWithin(options.directory, directory, path)
      return host.run(order, tests, events)
    },
  }
}

function hostFor(run: HostRun, directory: string, options: OpenHostOptions): TestHost {
  const { directory: base, allowed, env: own, scratch, viewFolder, reaper } = options
  const env = { ...own, ...run.env }
  const host = run.host === 'auto' ? hostOf(directory, run.directory) : run.host
  const { args } = run
  if (host === 'vitest')
    return vitestHost({ base, directory, vitestPackage: packageOf('vitest', directory), args, env, scratch, viewFolder, reaper })
  if (host === 'playwright') {
    const playwrightPackage = packageOf('@playwright/test', directory)
    refusePlaywrightArgs(args, base, directory)
    return playwrightHost({ directory, playwrightPackage, args, env, scratch, viewFolder, reaper })
  }
  if (host === 'none')
    throw new EverwarmError('BAD_INPUT', {
      message: 'The session does not say what runs its tests (`run.host` is `none`).',
      hint: 'That is for workers that know by themselves; say vitest, playwright or command.',
    })
  const [program] = run.command ?? []
  if (program === undefined)
    throw new EverwarmError('BAD_INPUT', {
      message: '`run.command` is missing.',
      hint: 'Of `host: command` it is what is run for each test.',
    })
  if (!allowed.includes(program))
    throw new EverwarmError('COMMAND_REFUSED', {
      message: `This worker does not run "${program}".`,
      hint: `Start it with \`--allow ${program}\`.`,
    })
  return commandHost({ command: run.command!, directory, env, reaper })
}

function hostOf(directory: string, shown: string): 'vitest' | 'playwright' {
  const names = readdirSync(directory)
  const found = (['vitest', 'playwright'] as const).filter((host) => names.some((name) => CONFIGS[host].test(name)))
  if (found.length === 1) return found[0]!
  throw new EverwarmError('BAD_INPUT', {
    message: `${found.length === 0 ? 'Neither Vitest nor Playwright is' : 'Both Vitest and Playwright are'} set up in ${shown}.`,
    hint: 'Say in `run.host` which one is meant, and in `run.directory` where it is.',
  })
}

function packageOf(name: string, directory: string): string {
  try {
    return createRequire(join(directory, 'package.json')).resolve(`${name}/package.json`)
  } catch (cause) {
    throw new EverwarmError('HOST_START_FAILED', {
      message: `${name} is not installed in ${directory}.`,
      hint: 'Install what the project needs on the worker: `npm ci`.',
      cause,
    })
  }
}
