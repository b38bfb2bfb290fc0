import { serveHandler, type Serving } from '../orchestrator/http/serve.ts'
import { readSettings } from '../system/settings.ts'
import { badInput, type Given, wholeNumber } from './command.ts'

export const SERVE_OPTIONS = { port: { type: 'string' }, host: { type: 'string' } } as const
/** Not options: those can be read by everybody on the machine. */
const TOKENS = { EVERWARM_RUNNER_TOKEN: 'runnerToken', EVERWARM_ORCHESTRATOR_TOKEN: 'orchestratorToken' } as const
export type TokenVariable = keyof typeof TOKENS

export const serveHelp = (variable: TokenVariable): string[] => [
  '--port N     0 by default: whichever is free',
  '--host HOST  127.0.0.1 by default; another needs a token',
  '',
  `${variable}: asked for as \`authorization: Bearer …\`.`,
]

export function givenToken(env: Given['env'], variable: TokenVariable): { token?: string } {
  const token = readSettings(env)[TOKENS[variable]]
  return token === undefined ? {} : { token }
}

/** Serves until SIGTERM or SIGINT; prints where. @param path of the handler, for the line that is printed */
export async function serveUntilTold(
  given: Given,
  handler: (request: Request) => Promise<Response>,
  { path, tokenVariable }: { path: string; tokenVariable: TokenVariable },
): Promise<void> {
  const port = wholeNumber(given.values.port, { name: '--port', min: 0, max: 65_535, otherwise: 0 })
  const host = typeof given.values.host === 'string' ? given.values.host : '127.0.0.1'
  if (host === '') throw badInput('--host is empty.')
  const serving = await serveHandler(handler, {
    host,
    port,
    tokenVariable,
    hasToken: givenToken(given.env, tokenVariable).token !== undefined,
  })
  given.print(`${serving.origin}${path}`)
  await told(serving)
}

function told(serving: Serving): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      process.off('SIGTERM', end)
      process.off('SIGINT', end)
      void serving.close().then(resolve)
    }
    process.on('SIGTERM', end)
    process.on('SIGINT', end)
  })
}
