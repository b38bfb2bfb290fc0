import { type Env, readSettings, settingsFault } from '../../system/settings.ts'

export interface RunFacts {
  nodeVersion: string
  platform: NodeJS.Platform
  env: Env
}

const NODE_AT_LEAST = [22, 12] as const

/** Why no browser of this run is lent, or null. `silent`: nothing worth a line. */
export function runRefusal({ nodeVersion, platform, env }: RunFacts): string | 'silent' | null {
  const fault = settingsFault(env)
  if (fault) return `not used: ${fault.message}`
  if (readSettings(env).isOn === false) return 'off (EVERWARM=0)'
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  if (major < NODE_AT_LEAST[0] || (major === NODE_AT_LEAST[0] && minor < NODE_AT_LEAST[1]))
    return `not used: Node ${nodeVersion} is older than ${NODE_AT_LEAST.join('.')}`
  if (env.PWDEBUG && env.PWDEBUG !== '0') return 'silent'
  if (platform === 'win32') return 'warm browsers are not used: not tried on Windows yet'
  return null
}

/** Ways to run Playwright's command that start no tests, so that no daemon is started for them. */
const RUNS_NOTHING = new Set([
  '--list',
  '--help',
  '-h',
  '--version',
  '-V',
  'merge-reports',
  'show-report',
  'show-trace',
  'install',
  'clear-cache',
])

/** Whether the process that loads the configuration is about to run tests. A guess from outside. */
export function willRunTests(argv: readonly string[]): boolean {
  return !argv.slice(2).some((argument) => RUNS_NOTHING.has(argument))
}
