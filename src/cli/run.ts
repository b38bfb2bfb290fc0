import { errorFromData } from '../contracts/errors.ts'
import { say } from '../system/log.ts'
import { readSettings } from '../system/settings.ts'
import { compileBehind } from './compile-behind.ts'
import { become, ownRequest, throughFrontDoor } from '../pool/daemon/front-client.ts'

/** `everwarm run`: all that follows belongs to the test binary. Returns the exit code. With EVERWARM=0 no daemon takes part. */
export async function run(args: string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const request = ownRequest('run', args)
  if (readSettings(env).isOn === false) return (await import('./run-here.ts')).runHere(request)
  compileBehind(env)
  try {
    const outcome = await throughFrontDoor(request, env)
    return 'code' in outcome ? outcome.code : become(outcome.program)
  } catch (error) {
    const { code, message } = errorFromData(error)
    if (!WITHOUT_DAEMON.has(code)) throw error
    say(`${code}: ${message} The tests run without it.`)
    return (await import('./run-here.ts')).runHere(request)
  }
}

/** Nothing has begun when one of these comes. */
const WITHOUT_DAEMON: ReadonlySet<string> = new Set([
  'ADDRESS_UNSAFE',
  'ADDRESS_TOO_LONG',
  'DAEMON_START_FAILED',
  'PROTOCOL_MISMATCH',
])
