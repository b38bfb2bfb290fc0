import { EverwarmError } from '../../contracts/errors.ts'
import type { ExecutionRoom, Executor, Site, SiteFiles, SiteRequest } from '../../executors/executor.ts'
import { MAIN_SITE } from '../../workflow/engine/engine.ts'
import { adoptInstalled } from '../../workflow/engine/installed-links.ts'
import { hereFiles, type HereOptions } from './here-files.ts'

/** The place of the workflow itself, around all workers. */
const MAIN = MAIN_SITE

/**
 * An executor whose outermost site is the current folder of this machine. All others, and services, are where the real one has them.
 */
export function hereExecutor(real: Executor, here: Omit<HereOptions, 'isContained'>): Executor {
  const options = { ...here, isContained: real.name !== 'local' }
  return {
    name: real.name,
    ignores: real.ignores,
    open: async (execution) => hereRoom(await real.open(execution), options),
    sweep: () => real.sweep(),
    close: () => real.close(),
  }
}

function hereRoom(room: ExecutionRoom, options: HereOptions): ExecutionRoom {
  return {
    async openSite(request) {
      if (request.id !== MAIN) return room.openSite(request)
      const files = hereFiles(options)
      // In a site of this machine packages are links: they lead out of what is packed, and are made anew there.
      if (options.data !== undefined && !options.isContained) await adoptInstalled(files, options.cwd)
      return hereSite(room, request, files)
    },
    close: () => room.close(),
  }
}

/** Nothing runs in it: only services are begun, by a real site that is opened for the first of them. */
function hereSite(room: ExecutionRoom, request: SiteRequest, files: SiteFiles): Site {
  let opening: Promise<Site> | undefined
  return {
    id: request.id,
    files,
    // That of this process is nobody's: `env.X` is for those who have an environment of their own.
    environment: async () => ({}),
    start: async () => {
      throw new EverwarmError('COMMAND_NOT_STARTED', { message: 'Commands run in workers, not in the current folder.' })
    },
    startService: async (service) => (await (opening ??= room.openSite(request))).startService(service),
    async close() {
      await (await opening?.catch(() => undefined))?.close()
    },
  }
}
