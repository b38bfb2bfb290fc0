import { readSettings } from '../system/settings.ts'
import { become, ownRequest, throughFrontDoor } from '../pool/daemon/front-client.ts'

/** `everwarm run`: all that follows belongs to the test binary. Returns the exit code. With EVERWARM=0 no daemon takes part. */
export async function run(args: string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const request = ownRequest('run', args)
  if (readSettings(env).isOn === false) return (await import('./run-here.ts')).runHere(request)
  const outcome = await throughFrontDoor(request, env)
  return 'code' in outcome ? outcome.code : become(outcome.program)
}
