import { packFolder } from '../../content/archive/pack.ts'
import { splitPatterns } from '../../content/glob.ts'
import { uploadArchive } from '../../content/transfer/client.ts'
import { badInput, type ToolkitGiven } from '../command.ts'
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
      await uploadArchive(url, await packFolder(from, patterns, { hidden: true }), { ...(token ? { token } : {}), signal })
      given.print(`The files of ${from} were sent.`)
    }
  })
  return 0
}

/** @throws EverwarmError BAD_INPUT */
function parsed(argument: string) {
  const [, what, url] = /^(.+?)=(https?:\/\/.+)$/is.exec(argument) ?? []
  if (what === undefined || url === undefined || !URL.canParse(url))
    throw badInput('Files are sent by <dir>:<glob>,<glob>=<url>, with an address that begins with https:// or http://.')
  // A drive of Windows has a colon, too.
  const [, folder = what, globs = ''] = /^((?:[A-Za-z]:(?=[\\/]))?[^:]+):(.*)$/s.exec(what) ?? []
  const list = splitOutsideBraces(globs)
  return { folder, patterns: splitPatterns(list.length > 0 ? list : ['**/*']), url }
}

/** `{a,b}` is one pattern. */
export function splitOutsideBraces(globs: string): string[] {
  const list: string[] = []
  let depth = 0
  let from = 0
  for (let at = 0; at <= globs.length; at++) {
    const letter = globs[at]
    if (letter === '{') depth += 1
    if (letter === '}') depth -= 1
    if (letter !== undefined && (letter !== ',' || depth > 0)) continue
    if (at > from) list.push(globs.slice(from, at))
    from = at + 1
  }
  return list
}
