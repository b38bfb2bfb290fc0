import { randomBytes } from 'node:crypto'

/** Milliseconds in base 36 have eight digits until the year 2059. */
const TIME_DIGITS = 8
const RANDOM_DIGITS = 5
const BASE = 36

/**
 * 14 lower-case letters and digits; sorted as text they are sorted by time (ms). It begins with a letter, as names in DNS must.
 * @param nowMs ms since 1970
 */
export function executionId(nowMs: number, random: () => Buffer = () => randomBytes(4)): string {
  const time = Math.floor(nowMs).toString(BASE).padStart(TIME_DIGITS, '0')
  const rest = (random().readUInt32BE(0) % BASE ** RANDOM_DIGITS).toString(BASE).padStart(RANDOM_DIGITS, '0')
  return `w${time}${rest}`
}

export const isExecutionId = (text: string) => /^w[0-9a-z]{13}$/.test(text)
