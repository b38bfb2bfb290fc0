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

/** Ways to run Playwright's command that start no tests, or browsers that are not lent: nothing is begun for them in advance. */
const LEASES_NOTHING = new Set([
  '--headed',
  '--debug',
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

/** Whether the run of the process that loads the configuration is about to lease browsers. A guess from outside. */
export function willLease(argv: readonly string[]): boolean {
  return !argv.slice(2).some((argument) => LEASES_NOTHING.has(argument.split('=')[0]!))
}
