import { readFileSync } from 'node:fs'
import { EverwarmError } from '../contracts/errors.ts'
import { coordinatorPlace } from '../coordinator/place.ts'
import { readSettings } from '../system/settings.ts'
import { badInput, type Given } from './command.ts'

/**
 * Which coordinator a command speaks to, and with what token: by option, else by variable, else that of this user on this machine.
 * @throws EverwarmError BAD_INPUT, TOKEN_MISSING, CONFIG_INVALID
 */
export function coordinatorAddress(values: Given['values'], env: Given['env']): { url: string; token: string } {
  const settings = readSettings(env)
  const url = given(values['coordinator']) ?? settings.coordinator ?? 'http://127.0.0.1:8632'
  const parsed = URL.parse(url)
  if (!parsed || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:'))
    throw badInput(`A coordinator's address is like http://127.0.0.1:8632, not "${url}".`)
  const token = given(values['token']) ?? settings.token ?? keptToken(env)
  return { url: url.replace(/\/+$/, ''), token }
}

const given = (value: Given['values'][string]) => (typeof value === 'string' ? value : undefined)

function keptToken(env: Given['env']): string {
  const { token } = coordinatorPlace(env)
  try {
    return readFileSync(token, 'utf8').trim()
  } catch (cause) {
    throw new EverwarmError('TOKEN_MISSING', {
      message: `The coordinator wants a token, and there is none in ${token}.`,
      hint: 'Give --token or EVERWARM_TOKEN; the coordinator says at its start where its token stands.',
      cause,
    })
  }
}
