import { EverwarmError } from '../../contracts/errors.ts'
import type { Addresses } from '../../environments/browsers/lending/engine.ts'

type Library = typeof import('webdriverio')
export type WebdriverioOptions = Parameters<Library['remote']>[0]

/** webdriverio on the leased session, as it is. @throws EverwarmError PACKAGE_MISSING, BAD_INPUT */
export async function attachWebdriverio(addresses: Addresses): Promise<import('webdriverio').Browser> {
  const { sessionId, capabilities = {} } = addresses
  const there = placeOf(addresses)
  const { attach } = await library()
  return attach({
    ...there,
    sessionId: sessionId!,
    capabilities,
    requestedCapabilities: capabilities,
    options: { logLevel: 'silent' },
    logLevel: 'silent',
  } as Parameters<Library['attach']>[0])
}

/**
 * webdriverio with wishes: the session that waits if it is what is asked for, else one that has them.
 * @throws EverwarmError PACKAGE_MISSING, BAD_INPUT
 */
export async function remoteWebdriverio(
  addresses: Addresses,
  options: WebdriverioOptions,
): Promise<import('webdriverio').Browser> {
  const there = placeOf(addresses)
  const { remote } = await library()
  return remote({ logLevel: 'silent', ...options, ...there })
}

function placeOf({ webdriver }: Addresses) {
  if (webdriver === undefined)
    throw new EverwarmError('BAD_INPUT', {
      message: 'This lease has no session of WebDriver.',
      hint: "Lease with `driver: 'webdriver'` or `driver: 'bidi'`.",
    })
  const { hostname, port, pathname } = new URL(webdriver)
  return { hostname, port: Number(port), path: pathname, protocol: 'http' as const }
}

function library(): Promise<Library> {
  return import('webdriverio').catch((cause: unknown) => {
    throw new EverwarmError('PACKAGE_MISSING', {
      message: 'The package webdriverio cannot be loaded.',
      hint: 'Install it: `npm i -D webdriverio`.',
      cause,
    })
  })
}
