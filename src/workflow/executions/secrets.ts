import { statSync } from 'node:fs'
import { z } from 'zod'
import { EverwarmError } from '../../contracts/errors.ts'
import type { Env } from '../../system/settings.ts'
import type { MaskBook, SecretStore } from '../engine/engine-types.ts'
import { readText } from '../load.ts'
import { readYaml } from '../yaml.ts'

const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
const named = z.record(z.string(), values)
const SecretsFile = z.strictObject({ secrets: named.optional(), configMaps: named.optional(), credentials: values.optional() })
type SecretsFile = z.infer<typeof SecretsFile>

export interface SecretsAsked {
  /** YAML; absent: variables alone. */
  file?: string
  /** Takes a file that others can read. */
  isShared?: boolean
  env: Env
  masks: Pick<MaskBook, 'add'>
}

const FIELDS = { secret: 'secrets', configMap: 'configMaps', credential: 'credentials' } as const
const SECRET = 'EVERWARM_SECRET_'
const CREDENTIAL = 'EVERWARM_CREDENTIAL_'
/** The variable that gives a value where no file does. */
export const secretVariable = (name: string, key: string) => `${SECRET}${variableWord(name)}__${variableWord(key)}`
export const credentialVariable = (name: string) => `${CREDENTIAL}${variableWord(name)}`
/** Whether a variable holds a secret for workflows: no process that they start may inherit it. */
export const isSecretVariable = (name: string) => name.startsWith(SECRET) || name.startsWith(CREDENTIAL)

/**
 * Secrets of a file, and of variables: `EVERWARM_SECRET_<NAME>__<KEY>`, `EVERWARM_CREDENTIAL_<NAME>`; the file wins.
 * All values are masked from now on.
 * @throws EverwarmError BAD_INPUT: a file that cannot be read, has another shape, or can be read by others
 */
export function openSecrets({ file, isShared = false, env, masks }: SecretsAsked): SecretStore {
  const given: SecretsFile = file === undefined ? {} : readSecrets(file, isShared)
  const variables = Object.entries(env).filter((entry): entry is [string, string] => !!entry[1] && isSecretVariable(entry[0]))
  const byVariable = new Map(variables)
  const ofFile = [
    ...Object.values(given.secrets ?? {}).flatMap((keys) => Object.values(keys)),
    ...Object.values(given.credentials ?? {}),
  ]
  for (const value of [...ofFile, ...byVariable.values()]) masks.add(value)
  return {
    secret: (name, key) => own(own(given.secrets, name), key) ?? byVariable.get(secretVariable(name, key)),
    credential: (name) => own(given.credentials, name) ?? byVariable.get(credentialVariable(name)),
    configMap: (name, key) => own(own(given.configMaps, name), key),
    names: (kind) => Object.keys(given[FIELDS[kind]] ?? {}),
    keysOf(kind, name) {
      const keys = Object.keys(own(kind === 'secret' ? given.secrets : given.configMaps, name) ?? {})
      const prefix = `${SECRET}${variableWord(name)}__`
      const fromVariables = kind === 'configMap' ? [] : [...byVariable.keys()].filter((each) => each.startsWith(prefix))
      const words = keys.map(variableWord)
      const more = fromVariables.map((each) => each.slice(prefix.length)).filter((key) => !words.includes(key))
      return keys.length + more.length > 0 ? [...keys, ...more] : undefined
    },
  }
}

/**
 * A name as a part of a variable's: upper-case, and one `_` for all between letters and digits.
 * So `__` stands only between name and key: `db-main`, `password` → `DB_MAIN__PASSWORD`.
 */
export const variableWord = (name: string) =>
  name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_|_$/g, '')

function own<Value>(all: Readonly<Record<string, Value>> | undefined, name: string): Value | undefined {
  return all && Object.hasOwn(all, name) ? all[name] : undefined
}

function readSecrets(file: string, isShared: boolean): SecretsFile {
  const text = readText(file, '--secrets takes the path of a file from here, with `secrets`, `configMaps` and `credentials`.')
  if (!isShared) refuseShared(file)
  const { documents, place } = readYaml(text)
  const [document, more] = documents
  const fault = document?.faults[0]
  const at = (offset: number) => `${file}:${place(offset).line}:${place(offset).column}`
  // The words of a fault may quote the file; where it is is all that may be said.
  if (!document || more || fault) throw wrong(at(fault?.offset ?? more?.offsetOf([]) ?? 0), 'It is not one document of YAML')
  const parsed = SecretsFile.safeParse(document.value)
  if (parsed.success) return parsed.data
  const { path, code, ...issue } = parsed.error.issues[0]!
  const known = path.map(String)
  // A field that there is not may be a value that stands in the wrong place.
  const own = 'keys' in issue && code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const where = at(document.offsetOf([...known, ...own], own.length > 0 ? 'key' : 'value'))
  if (own.length > 0) throw wrong(where, 'There is no such field')
  throw wrong(where, known.length === 0 ? 'It is no map' : `${known.join('.')} has another shape`)
}

function refuseShared(file: string): void {
  if (process.platform === 'win32' || (statSync(file).mode & 0o077) === 0) return
  throw new EverwarmError('BAD_INPUT', {
    message: `${file} holds secrets, and others on this machine can read it.`,
    hint: `\`chmod 600 ${file}\`, or say --shared-secrets.`,
  })
}

/** @param where FILE:LINE:COLUMN */
function wrong(where: string, what: string): EverwarmError {
  return new EverwarmError('BAD_INPUT', {
    message: `${where}: ${what}.`,
    hint: 'It has `secrets: {name: {key: value}}`, `configMaps` of the same shape, and `credentials: {name: value}`.',
  })
}
