import { expect, test } from 'vitest'
import { missingSecrets } from '../../src/workflow/engine/needed-secrets.ts'
import { knownDocuments } from '../../src/workflow/known-documents.ts'
import { loadText } from '../../src/workflow/load.ts'
import { prepare } from '../../src/workflow/prepare.ts'

const NOTHING = { secret: () => undefined, credential: () => undefined, configMap: () => undefined, keysOf: () => undefined }
const THERE = { secret: () => 's', credential: () => 'c', configMap: () => 'm', keysOf: () => ['k'] }

function missingIn(spec: string, { secrets = NOTHING as typeof NOTHING | typeof THERE, isCluster = false } = {}): string[] {
  const { documents } = loadText(`kind: Workflow\nmetadata: { name: w }\nspec:\n${spec.replaceAll(/^/gm, '  ')}`, 'w.yaml')
  const known = knownDocuments(documents)
  const { plan } = prepare(known.workflows[0]!, known, {})
  return [...missingSecrets(plan, { secrets, isCluster })].map(({ error }) => `${error.path}: ${error.what}`)
}

const NEEDED = `
container:
  env: [{ name: A, valueFrom: { secretKeyRef: { name: db, key: user } } }, { name: B, value: '{{ credential("npm") }}' }]
  envFrom: [{ secretRef: { name: all } }]
steps:
  - shell: echo {{ secret("db", "password") }}
content: { git: { uri: x, tokenFrom: { secretKeyRef: { name: git, key: token } } } }
`

test('a secret that a field certainly needs, and that there is not, is found before anything runs', () => {
  expect(missingIn(NEEDED)).toEqual([
    'tokenFrom: There is no key "token" of the secret "git".',
    'args[0]: There is no key "password" of the secret "db".',
    'container.env.A: There is no key "user" of the secret "db".',
    'container.env.B: There is no credential "npm".',
    'container.envFrom[0]: There is no secret "all".',
  ])
  expect(missingIn(NEEDED, { secrets: THERE })).toEqual([])
})

test('on a cluster only those are looked for that are not its own', () => {
  expect(missingIn(NEEDED, { isCluster: true })).toEqual([
    'tokenFrom: There is no key "token" of the secret "git".',
    'container.env.B: There is no credential "npm".',
  ])
})

test.each([
  [`steps: [{ optional: true, shell: 'x {{ secret("a", "b") }}' }]`],
  [`steps: [{ condition: never, shell: 'x {{ secret("a", "b") }}' }]`],
  [`steps: [{ condition: env.X == "1", steps: [{ shell: 'x {{ secret("a", "b") }}' }] }]`],
  [`steps: [{ shell: 'x {{ env.X ? secret("a", "b") : env.Y && credential("c") }}' }]`],
  [`steps: [{ shell: 'x {{ secret(env.X, "b") }}' }]`],
  [`steps: [{ container: { env: [{ name: A, valueFrom: { secretKeyRef: { name: a, key: b, optional: true } } }] }, shell: x }]`],
  [`steps: [{ parallel: { count: env.N, shell: 'x {{ secret("a", "b") }}' } }]`],
  [`steps: [{ parallel: { shards: { a: [] }, maxCount: 2, shell: 'x {{ secret("a", "b") }}' } }]`],
])('nothing is said of what may do without it: %s', (spec) => {
  expect(missingIn(spec)).toEqual([])
})

test('workers and services that there will be need theirs', () => {
  expect(missingIn(`steps: [{ parallel: { matrix: { b: [1, 2] }, shell: 'x {{ secret("a", "b") }}' } }]`)).toEqual([
    'args[0]: There is no key "b" of the secret "a".',
  ])
  expect(
    missingIn(`services: { db: { image: x, env: [{ name: P, value: '{{ secret("a", "b") }}' }] } }\nsteps: [{ shell: x }]`),
  ).toEqual(['services.db.env.P: There is no key "b" of the secret "a".'])
})

test('a name or a key that is near is named, and so is the variable that would give it', () => {
  const found = (names: string[], keys: string[] | undefined) => {
    const { documents } = loadText(
      `kind: Workflow\nmetadata: { name: w }\nspec: { steps: [{ shell: 'x {{ secret("npm", "token") }}' }] }`,
      'w.yaml',
    )
    const known = knownDocuments(documents)
    const secrets = { ...NOTHING, names: () => names, keysOf: () => keys }
    return [...missingSecrets(prepare(known.workflows[0]!, known, {}).plan, { secrets, isCluster: false })].map(
      ({ error, variable }) => [error.what, variable],
    )
  }
  const what = 'There is no key "token" of the secret "npm".'
  const variable = 'EVERWARM_SECRET_NPM__TOKEN'
  expect(found([], undefined)).toEqual([[what, variable]])
  expect(found(['nmp'], undefined)).toEqual([[`${what} Did you mean "nmp"?`, variable]])
  expect(found(['npm'], ['tokn'])).toEqual([[`${what} Did you mean "tokn"?`, variable]])
})
