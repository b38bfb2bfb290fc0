import { become, ownRequest, throughFrontDoor } from '../pool/daemon/front-client.ts'

/** `everwarm run`: all that follows belongs to the test binary. Returns the exit code. */
export async function run(args: string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const outcome = await throughFrontDoor(ownRequest('run', args), env)
  return 'code' in outcome ? outcome.code : become(outcome.program)
}
