import { EverwarmError } from '../contracts/errors.ts'

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** `1h30m`, `90s`, `1.5s`, `250ms` in ms. @throws EverwarmError WORKFLOW_INVALID */
export function durationMs(text: string): number {
  const trimmed = text.trim()
  if (!/^(?:\d+(?:\.\d+)?(?:ms|h|m|s))+$/.test(trimmed))
    throw new EverwarmError('WORKFLOW_INVALID', {
      // What stands there may have come from a variable, and be a secret.
      message: 'This is no duration.',
      hint: 'Write numbers with h, m, s or ms, such as 1m30s.',
    })
  const parts = [...trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)]
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNIT_MS[unit!]!, 0)
}
