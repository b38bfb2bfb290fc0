import { packFolder } from '../../content/archive/pack.ts'
import { splitPatterns } from '../../content/glob.ts'
import { uploadArchive } from '../../content/transfer/client.ts'
import { badInput, type ToolkitGiven } from '../command.ts'
import { folderAndPatterns } from '../folder-and-patterns.ts'
import { placeOf } from '../places.ts'
import { untilSignal } from '../../system/stop-signals.ts'
import { tokenFor } from '../transfer-token.ts'

export async function transfer(given: ToolkitGiven): Promise<number> {
  const wanted = given.positionals.map(parsed)
  if (wanted.length === 0) given.print('No files were to be sent.')
  await untilSignal(async (signal) => {
    for (const { folder, patterns, url } of wanted) {
      const from = placeOf(folder, given)
      const token = await tokenFor(url, given.env)
      const outside = (path: string, target: string) =>
        given.print(`warning: ${path} -> ${target} leads out of ${from}; it is left out.`)
      const archive = await packFolder(from, patterns, { hidden: true, onLinkOutside: outside })
      await uploadArchive(url, archive, { ...(token ? { token } : {}), signal })
      given.print(`The files of ${from} were sent.`)
    }
  })
  return 0
}

/** @throws EverwarmError BAD_INPUT */
function parsed(argument: string, at: number) {
  const [, what, url] = /^(.+?)=(https?:\/\/.+)$/is.exec(argument) ?? []
  if (what === undefined || url === undefined || !URL.canParse(url))
    // What stands there may be an address with a password.
    throw badInput(
      `Argument ${at + 1} does not say where files are sent: an address that begins with https:// or http://.`,
      'Write it as <dir>:<glob>,<glob>=<url>; see `everwarm-toolkit transfer --help`.',
    )
  const { folder, patterns } = folderAndPatterns(what)
  return { folder, patterns: splitPatterns(patterns), url }
}
