import { timingSafeEqual } from 'node:crypto'

/** Takes as long for a wrong token as for the right one. */
export function isSameToken(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
