import { createOrchestratorHandler } from '../regions.ts'
import { type Command, refusePositionals } from './command.ts'
import { loadRunners } from './load-runners.ts'
import { givenToken, SERVE_OPTIONS, serveHelp, serveUntilTold } from './serve-until-told.ts'

const TOKEN = 'EVERWARM_ORCHESTRATOR_TOKEN'

export const orchestratorServe: Command = {
  options: { ...SERVE_OPTIONS, regions: { type: 'string' }, runners: { type: 'string' }, folder: { type: 'string' } },
  help: [
    '--regions F  file with regions; else PLAYWRIGHT_RUNNERS, or everwarm.regions.json',
    '--runners F  exports runners for mode "local"',
    '--folder D   of the embedded database; EVERWARM_DATABASE_URL: Postgres instead',
    ...serveHelp(TOKEN),
  ],
  async run(given) {
    refusePositionals(given)
    const { regions, runners, folder } = given.values
    const handler = createOrchestratorHandler({
      ...(typeof regions === 'string' ? { regionsFile: regions } : {}),
      ...(typeof runners === 'string' ? { runners: Object.fromEntries(await loadRunners(runners)) } : {}),
      ...(typeof folder === 'string' ? { folder } : {}),
      ...givenToken(given.env, TOKEN),
      basePath: '/api/orchestrator',
      env: given.env,
    })
    try {
      // At once: runs that were left unfinished go on without waiting for somebody to ask.
      await handler.open()
      await serveUntilTold(given, handler, { path: '/api/orchestrator', tokenVariable: TOKEN })
    } finally {
      await handler.close()
    }
  },
}
