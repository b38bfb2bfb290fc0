import { createRunnerHandler } from '../runner.ts'
import { badInput, type Command } from './command.ts'
import { loadRunners } from './load-runners.ts'
import { givenToken, SERVE_OPTIONS, serveHelp, serveUntilTold } from './serve-until-told.ts'

const TOKEN = 'EVERWARM_RUNNER_TOKEN'

export const runnerServe: Command = {
  options: { ...SERVE_OPTIONS, region: { type: 'string' } },
  help: ['FILE         exports runners', '--region R   the name of this region', ...serveHelp(TOKEN)],
  async run(given) {
    const [file, ...more] = given.positionals
    if (file === undefined || more.length > 0)
      throw badInput('Which file? One that exports runners.', 'everwarm runner serve --help')
    const runners = Object.fromEntries(await loadRunners(file))
    const { region } = given.values
    const handler = createRunnerHandler({
      runners,
      ...(typeof region === 'string' ? { region } : {}),
      ...givenToken(given.env, TOKEN),
      basePath: '/api/runner',
    })
    await serveUntilTold(given, handler, { path: '/api/runner', tokenVariable: TOKEN })
  },
}
