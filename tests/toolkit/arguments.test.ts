import { expect, test } from 'vitest'
import { encodeArgument } from '../../src/workflow/expressions/argument.ts'
import { shellLines } from '../../src/toolkit/keeper/addresses.ts'
import { folderAndPatterns } from '../../src/toolkit/folder-and-patterns.ts'
import { asked, ownFolder } from './toolkit-run.ts'

const home = { EVERWARM_HOME: ownFolder() }
const CONFIG = (config: unknown) => ({ ...home, EVERWARM_CONFIG: typeof config === 'string' ? config : JSON.stringify(config) })

test.each<[string, string[], string, Record<string, string>?]>([
  ['a command that there is not', ['paralel'], 'There is no command "paralel" of everwarm-toolkit.'],
  ['an option that there is not', ['clone', 'a', 'b', '--deep'], "Unknown option '--deep'"],
  ['parallel without its specification', ['parallel'], '`parallel <spec>` was given 0 arguments.'],
  ['parallel with two', ['parallel', '{}', '{}'], '`parallel <spec>` was given 2 arguments.'],
  ['what is no YAML', ['parallel', '{'], 'The argument is not one document of JSON or YAML'],
  ['two documents', ['parallel', 'a: 1\n---\na: 2'], 'The argument is not one document of JSON or YAML'],
  ['a list', ['parallel', '[]'], 'The argument is wrong: It must be a map, not a list.'],
  ['a field that there is not', ['parallel', '{shel: x}'], 'The argument is wrong: shel: There is no field "shel" here.'],
  ['nothing to run', ['parallel', '{count: 2}'], 'There is nothing to run.'],
  ['an expression that cannot be read', ['parallel', '{count: "1 +", shell: x}'], 'The argument is wrong: count:'],
  [
    'env where workers are counted',
    ['parallel', '{matrix: {a: ["{{ env.X }}"]}, shell: x}'],
    'matrix.a[0]: `env` is not known here',
  ],
  ['env in the count of a service', ['services', '-g', 'g', '{a: {count: env.N, shell: x}}'], 'a.count: `env` is not known here'],
  [
    'env in the shards of a workflow',
    ['execute', '-w', '{"name":"a","shards":{"s":"env.L"}}'],
    'workflows[0].shards.s: `env` is not',
  ],
  ['a template that is nowhere', ['parallel', '{use: [{name: t}], shell: x}'], 'The argument is wrong: use[0]'],
  ['what is no base64', ['parallel', '--base64', '{}'], 'The argument is no base64 of JSON.'],
  ['base64 with line ends', ['parallel', '--base64', 'e30\n='], 'The argument is no base64 of JSON.'],
  ['base64 of no JSON', ['parallel', '--base64', 'eA=='], 'The argument is no base64 of JSON.'],
  ['services without a group', ['services', '{}'], 'No group was named.'],
  ['a group with a path in it', ['services', '-g', '../x', '{}'], '"../x" is no name of a group.'],
  ['services that are no map', ['services', '-g', 'g', '[]'], 'The argument is no map of services by name.'],
  ['two specifications', ['services', '-g', 'g', '{}', '{}'], 'Give one specification of all services'],
  [
    'a service with a field that there is not',
    ['services', '-g', 'g', 'db={"imag":"x"}'],
    'db.imag: There is no field "imag" here.',
  ],
  ['a service with a bad name', ['services', '-g', 'g', '{"D B": {}}'], 'must be a name of lower-case letters'],
  ['base64 and two arguments', ['services', '-g', 'g', '--base64', 'e30=', 'e30='], 'Give one specification of all services'],
  ['a group that there is not', ['services', '-g', 'g'], 'There is no group "g" of services.'],
  ['kill of a group that there is not', ['kill', 'g'], 'There is no group "g" of services.'],
  ['kill without a group', ['kill'], '`kill <groupRef>` was given 0 arguments.'],
  ['a condition that cannot be read', ['kill', 'g', '-l', 'db=1 +'], '--logs db: '],
  ['logs of a name that is none', ['kill', 'g', '-l', '=always'], '--logs: "" is no name of a service.'],
  ['execute of nothing', ['execute'], 'No workflow was named.'],
  ['an item that is no map', ['execute', '-w', '[]'], 'The argument is wrong: workflows[0]: It must be a map, not a list.'],
  ['an item without name or labels', ['execute', '-w', '{}'], 'must have either `name` or `selector`'],
  ['workflows without files', ['execute', '-w', '{"name":"a"}'], `Name them: EVERWARM_CONFIG='{"workflows": ["inner.yaml"]}'`],
  ['matchExpressions', ['execute', '-w', '{"selector":{"matchExpressions":[]}}'], 'There is no field "matchExpressions" here.'],
  ['a specification that is no map', ['execute', '3'], 'The argument is no map with `workflows`.'],
  ['parallelism in words', ['execute', '-w', '{"name":"a"}', '-p', 'many'], '--parallelism must be a whole number, not "many".'],
  ['files that there are not', ['execute', '-w', '{"name":"a"}'], 'no.yaml cannot be read', CONFIG({ workflows: ['no.yaml'] })],
  ['artifacts without a pattern', ['artifacts'], '`artifacts <globs…>` was given 0 arguments.'],
  ['exclusions alone', ['artifacts', '!a'], 'There is no pattern that is not an exclusion.'],
  ['clone without a folder', ['clone', 'https://host/a.git'], '`clone <uri> <path>` was given 1 argument.'],
  ['an address that is an option', ['clone', '--', '--upload-pack=x', 'y'], 'The address of the repository is none.'],
  [
    'a way of sending that there is not',
    ['clone', 'a', 'b', '-a', 'digest'],
    '--authType must be basic, header, github, not "digest".',
  ],
  [
    'a verbosity that there is not',
    ['clone', 'a', 'b', '--verbosity', 'loud'],
    '--verbosity must be verbose, normal, quiet, not "loud".',
  ],
  ['attempts in words', ['clone', 'a', 'b', '--retry-count', '-1'], "Option '--retry-count' argument is ambiguous"],
  ['a wait in words', ['clone', 'a', 'b', '--retry-delay', 'soon'], '--retry-delay: "soon" is no duration.'],
  ['a revision that is none', ['clone', '/a', 'b', '-r', '--x'], "Option '-r' argument is ambiguous"],
  ['an archive without an address', ['tarball', 'b=http://x', 'a'], 'Argument 2 does not say where the archive is'],
  ['an archive from a file', ['tarball', 'a=file:///x'], 'Argument 1 does not say where the archive is'],
  ['a server of nothing', ['serve-transfer'], 'There is nothing to serve.'],
  ['a server without a token', ['serve-transfer', '--accept', 'x'], 'There is no token.'],
  ['a short token', ['serve-transfer', '--accept', 'x'], 'at least 16', { EVERWARM_TRANSFER_TOKEN: 'short' }],
  ['a token that cannot be read', ['serve-transfer', '--accept', 'x', '--token-file', '/no'], 'cannot be read from /no: ENOENT.'],
  ['files without an address', ['transfer', 'a:b'], 'Argument 1 does not say where files are sent'],
  ['files with exclusions alone', ['transfer', 'a:!b=http://h/x'], 'There is no pattern that is not an exclusion.'],
  ['a configuration that is no JSON', ['parallel', '{}'], 'EVERWARM_CONFIG cannot be used: it is no JSON.', CONFIG('{')],
  ['a configuration with an unknown field', ['parallel', '{}'], 'it has no field', CONFIG({ tok: 'top-secret' })],
  ['another executor', ['parallel', '{}'], 'EVERWARM_CONFIG cannot be used: executor: ', CONFIG({ executor: 'ssh' })],
  ['a prefix that climbs', ['kill', 'g'], 'artifacts.prefix', CONFIG({ artifacts: { prefix: 'a/../b' } })],
  [
    'a server that is none',
    ['tarball', 'a=http://h/x'],
    'transfer.url',
    CONFIG({ transfer: { url: 'file:///x', token: 'top-secret' } }),
  ],
])('%s is refused with 155', async (_what, words, message, env = home) => {
  const { code, stderr } = await asked(words, env)
  expect(stderr.replace('cannot be used: has', 'cannot be used: it has')).toContain(message)
  expect(code).toBe(155)
  expect(stderr).not.toContain('top-secret')
})

test('nothing to do is a success, and said', async () => {
  expect(await asked(['tarball'])).toEqual({ code: 0, stdout: 'No archives were asked for.', stderr: '' })
  expect(await asked(['transfer'])).toEqual({ code: 0, stdout: 'No files were to be sent.', stderr: '' })
  const none = ['services', '-g', 'g', '--base64', encodeArgument({})]
  expect(await asked(none, home)).toMatchObject({ code: 0, stdout: '0 services: nothing was started.' })
  expect(await asked(['artifacts', 'no-such-*.xml'], home)).toMatchObject({
    code: 0,
    stdout: 'No file matches no-such-*.xml; nothing is kept.',
  })
})

test('help names all commands, and all options of one', async () => {
  expect((await asked([])).stdout).toContain('keep files')
  expect((await asked(['help'])).stdout).not.toContain('keep-services')
  const { code, stdout } = await asked(['clone', '--help'])
  expect(code).toBe(0)
  expect(stdout).toContain('-a, --authType <type>')
  expect(stdout).toContain('--retry-delay <duration>')
})

test('patterns are cut at commas outside of braces', () => {
  expect(folderAndPatterns('d:*.{js,ts},!a,,b{c,{d,e}}')).toEqual({ folder: 'd', patterns: ['*.{js,ts}', '!a', 'b{c,{d,e}}'] })
  expect(folderAndPatterns('d')).toEqual({ folder: 'd', patterns: ['**/*'] })
})

test('addresses are assignments that a shell takes as they are', () => {
  expect(
    shellLines({
      'my-db': [
        { ip: '10.0.0.1', ports: { 5432: 41_000 } },
        { ip: "a'b", ports: {} },
      ],
    }),
  ).toEqual(['SERVICES_MY_DB_0_IP=10.0.0.1', 'SERVICES_MY_DB_0_PORT_5432=41000', "SERVICES_MY_DB_1_IP='a'\\''b'"])
})
