/**
 * An address for people: as somebody has written it, so that secrets in it are still found, but without user, password, query
 * and fragment. What is no URL stays as it is.
 */
export function shownAddress(address: string): string {
  const { scheme, host, path } = partsOf(address) ?? {}
  return scheme === undefined ? address : `${scheme}//${host}${path}`
}

/** What the system says of an address, with its host as somebody has written it. */
export function asWritten(said: string, address: string): string {
  const host = partsOf(address)?.host.replace(/:\d*$/, '')
  const known = URL.canParse(address) ? new URL(address).hostname : ''
  return host === undefined || known === '' ? said : said.replaceAll(known, () => host)
}

function partsOf(address: string): { scheme: string; host: string; path: string } | undefined {
  const [, scheme, authority, path] = /^\s*([a-z][a-z\d+.-]*:)[\\/]{2,}([^\\/?#]*)([^?#]*)/i.exec(address) ?? []
  if (scheme === undefined) return undefined
  return { scheme, host: authority!.slice(authority!.lastIndexOf('@') + 1), path: path! }
}
