import { accessSync, constants, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FrontRequest } from '../../contracts/front-door.ts'
import type { ResidentProfile } from '../../contracts/profiles.ts'
import { onPath } from '../../system/programs.ts'
import type { FrontCommand } from './front-door.ts'

type Program = [string, ...string[]]

/** What `everwarm vitest` is to do. */
export type VitestPlan =
  /** Vitest in the foreground, as it is. */
  | { kind: 'plain'; command: Program }
  /** The same, unless one is prepared for it. */
  | { kind: 'resident'; command: Program; profile: ResidentProfile }
  | { kind: 'absent'; message: string; hint: string }

/** One that is being prepared is as good as one that is: what is left of that takes less than to begin anew. */
const WAIT_MS = 3_000

/** `everwarm vitest`: by a prepared Vitest if there is one for this command, else by the client itself, and one is prepared for the next time. */
export const vitestCommand: FrontCommand = async (request, pool) => {
  const plan = planVitest(request)
  if (plan.kind === 'absent') return { do: 'fail', code: 1, text: `everwarm: ${plan.message}\neverwarm: ${plan.hint}\n` }
  if (plan.kind === 'plain') return { do: 'exec', program: plan.command }
  const { profile, command } = plan
  if (pool.isExpected(profile)) return { do: 'lease', profile, waitMs: WAIT_MS, orElse: command }
  pool.expect(profile)
  return { do: 'exec', program: command }
}

/** Commands and options with which Vitest does not simply run tests and end, or is looked at from outside while it does. */
const PLAIN_WORDS = new Set(['watch', 'dev', 'bench', 'init', 'list', 'doctor', 'related'])
const PLAIN_OPTIONS =
  /^(?:-[whvr]|--(?:watch|help|version|ui|open|api|inspect|inspect-?brk|inspectBrk|browser|standalone|list-?tags|listTags|clear-?cache|clearCache|merge-?reports|mergeReports|last-?failed|lastFailed|expand-?help|root)(?:[.=].*)?)$/i

/** Decides from the outside; nothing of the project is loaded. */
export function planVitest({ cwd, args: argv, env, terminals }: FrontRequest): VitestPlan {
  const vitestPackage = findUp(cwd, join('node_modules', 'vitest', 'package.json'))
  const node = onPath('node', env)
  if (vitestPackage === undefined)
    return { kind: 'absent', message: `Vitest is not installed in ${cwd}.`, hint: 'Run `npm install --save-dev vitest`.' }
  if (node === undefined)
    return { kind: 'absent', message: 'There is no `node` on the PATH.', hint: 'Vitest needs Node 22.12 or newer.' }
  const nodePath = realpathSync(node)
  const command: Program = [nodePath, join(dirname(vitestPackage), 'vitest.mjs'), ...argv]
  const profile: ResidentProfile = { environment: 'vitest', nodePath, env, cwd, vitestPackage, argv, terminals }
  if (env['EVERWARM'] === '0' || !willRunOnce(argv, env, terminals[0])) return { kind: 'plain', command }
  return { kind: 'resident', command, profile }
}

function willRunOnce(argv: readonly string[], env: FrontRequest['env'], isInteractive: boolean): boolean {
  if (argv.some((arg) => PLAIN_OPTIONS.test(arg))) return false
  // A line of a file changes what is collected.
  if (argv.some((arg) => /:\d+$/.test(arg))) return false
  const [word = ''] = argv
  if (PLAIN_WORDS.has(word)) return false
  return word === 'run' || argv.includes('--run') || !isInteractive || Boolean(env['CI'])
}

function findUp(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = readable(join(at, name))
    if (found !== undefined) return found
    if (at === dirname(at)) return undefined
  }
}

function readable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK)
    return realpathSync(path)
  } catch {
    // Not there, or not for us.
    return undefined
  }
}
