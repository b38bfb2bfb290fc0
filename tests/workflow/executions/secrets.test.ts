import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openSecrets, variableWord } from '../../../src/workflow/executions/secrets.ts'

const root = mkdtempSync(join(tmpdir(), 'ew-secrets-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function open(yaml: string | undefined, { env = {}, mode = 0o600, isShared = false } = {}) {
  const masked: string[] = []
  const file = join(root, 'secrets.yaml')
  if (yaml !== undefined) {
    writeFileSync(file, yaml)
    chmodSync(file, mode)
  }
  const secrets = openSecrets({ ...(yaml === undefined ? {} : { file }), isShared, env, masks: { add: (v) => masked.push(v) } })
  return { secrets, masked }
}

const YAML = `
secrets: { db: { password: s3cret, port: 5432 } }
configMaps: { app: { url: http://x } }
credentials: { token: t0ken }
`

test('values come from the file, then from variables, and all of them are masked', () => {
  const env = { EVERWARM_SECRET_DB_MAIN__PASSWORD: 'from-env', EVERWARM_SECRET_DB__PASSWORD: 'no', EVERWARM_CREDENTIAL_NPM: 'n' }
  const { secrets, masked } = open(YAML, { env })
  expect([secrets.secret('db', 'password'), secrets.secret('db', 'port')]).toEqual(['s3cret', '5432'])
  expect([secrets.secret('db-main', 'password'), secrets.secret('db', 'nothing')]).toEqual(['from-env', undefined])
  expect([secrets.credential('token'), secrets.credential('npm'), secrets.credential('x')]).toEqual(['t0ken', 'n', undefined])
  expect(secrets.configMap('app', 'url')).toBe('http://x')
  expect(masked.toSorted()).toEqual(['5432', 'from-env', 'n', 'no', 's3cret', 't0ken'])
})

test('keys of one secret are never those of another', () => {
  const env = { EVERWARM_SECRET_DB__USER: 'u', EVERWARM_SECRET_DB__PASSWORD: 'p', EVERWARM_SECRET_DB_MAIN__PASSWORD: 'q' }
  const { secrets } = open(YAML, { env })
  expect(secrets.keysOf('secret', 'db')).toEqual(['password', 'port', 'USER'])
  expect(secrets.keysOf('secret', 'db-main')).toEqual(['PASSWORD'])
  expect([secrets.keysOf('secret', 'toString'), secrets.keysOf('configMap', 'app')]).toEqual([undefined, ['url']])
})

test('a name as part of a variable has one _ for all between letters and digits', () => {
  expect(['db-main', 'a__b', 'x.y/z', '-k-'].map(variableWord)).toEqual(['DB_MAIN', 'A_B', 'X_Y_Z', 'K'])
})

test('a file that others can read is refused, unless one says so', () => {
  expect(() => open(YAML, { mode: 0o644 })).toThrow(/others on this machine can read it/)
  expect(open(YAML, { mode: 0o644, isShared: true }).secrets.secret('db', 'password')).toBe('s3cret')
})

test('what is wrong with a file is said without its values', () => {
  const wrong = (yaml: string) => {
    try {
      open(yaml)
    } catch (error) {
      const { message, hint } = error as { message: string; hint: string }
      return `${message} ${hint}`
    }
    return 'nothing'
  }
  for (const [yaml, said] of [
    ['secrets: { a: hunter2 }', ':1:15: secrets.a has another shape.'],
    ['secrets:\n  a: { b: [hunter2] }', ':2:11: secrets.a.b has another shape.'],
    ['hunter2: [', ':1:11: It is not one document of YAML.'],
    ['secrets: {}\n---\nsecrets: {}', ':3:1: It is not one document of YAML.'],
    ['- hunter2', ':1:1: It is no map.'],
    ['secrets: {}\nhunter2: 1', ':2:1: There is no such field.'],
  ] as const) {
    expect(wrong(yaml)).toContain(`secrets.yaml${said}`)
    expect(wrong(yaml)).not.toContain('hunter2')
  }
})
