import { downloadTarball } from '../../content/download.ts'
import { downloadTo } from '../../content/transfer/client.ts'
import { badInput, type ToolkitGiven } from '../command.ts'
import { placeOf } from '../places.ts'
import { untilSignal } from '../../system/stop-signals.ts'
import { tokenFor } from '../transfer-token.ts'

/** Archives of our own server are named by what is in them. */
const OWN = /\/download\/([0-9a-f]{64})\.tar\.gz$/

export async function tarball(given: ToolkitGiven): Promise<number> {
  const wanted = given.positionals.map(pathAndUrl)
  if (wanted.length === 0) given.print('No archives were asked for.')
  await untilSignal(async (signal) => {
    // One after the other: a later one may write over an earlier one.
    for (const { path, url } of wanted) {
      const to = placeOf(path, given)
      const token = await tokenFor(url, given.env)
      const id = OWN.exec(new URL(url).pathname)?.[1]
      const { entries, bytes } =
        token !== undefined && id !== undefined
          ? await downloadTo(to, { id, url }, { token, signal })
          : await downloadTarball(url, to, {
              signal,
              // Who is sent on to another address must not take the token there.
              ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` }, redirect: 'error' as const }),
            })
      given.print(`${to}: ${entries} ${entries === 1 ? 'entry' : 'entries'}, ${bytes} bytes`)
    }
  })
  return 0
}

/** @throws EverwarmError BAD_INPUT */
function pathAndUrl(pair: string, at: number): { path: string; url: string } {
  const [, path, url] = /^(.+?)=(https?:\/\/.+)$/is.exec(pair) ?? []
  if (path !== undefined && url !== undefined && URL.canParse(url)) return { path, url }
  // What stands there may be an address with a password.
  throw badInput(
    `Argument ${at + 1} does not say where the archive is: an address that begins with https:// or http://.`,
    'Write it as <path>=<url>; see `everwarm-toolkit tarball --help`.',
  )
}
