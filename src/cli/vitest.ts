import { EverwarmError, errorFromData } from '../contracts/errors.ts'
import { become, ownRequest, throughFrontDoor } from '../pool/daemon/front-client.ts'
import { planVitest } from '../pool/daemon/vitest-command.ts'
import { compileBehind } from './compile-behind.ts'
import { say } from '../system/log.ts'

/** `everwarm vitest`: all that follows is Vitest's own command line. Returns the exit code. */
export async function vitest(args: string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const request = ownRequest('vitest', args)
  const plan = planVitest(request)
  if (plan.kind === 'absent') throw new EverwarmError('ENVIRONMENT_UNAVAILABLE', plan)
  if (plan.kind === 'plain') return become(plan.command)
  compileBehind(env)
  try {
    const outcome = await throughFrontDoor(request, env)
    if ('code' in outcome) return outcome.code
    if (outcome.lost) say(`${outcome.lost} It begins again without it.`)
    return become(outcome.program)
  } catch (error) {
    const { code, message } = errorFromData(error)
    say(`not used: ${code}: ${message.split('\n')[0]}`)
    return become(plan.command)
  }
}
