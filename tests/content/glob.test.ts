import { globSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { assert, constantFrom, array, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { matchFiles, pathMatcher, splitPatterns } from '../../src/content/glob.ts'
import { plant, testFolder } from './trees.ts'

const NAMES = [
  '1.ts',
  '.2.ts',
  'a/1.ts',
  'a/.h/x/2.ts',
  'a/b/c/3.js',
  'b/node_modules/p/4.ts',
  'b/c/4.ts',
  '.top/5.ts',
  'x[1].ts',
  'ab',
  'a{b',
]
const tree = () => plant(testFolder(), Object.fromEntries(NAMES.map((name) => [name, ''])))

test('`!x` excludes, and something must be left', () => {
  expect(splitPatterns(['a', '!b', 'c'])).toEqual({ include: ['a', 'c'], exclude: ['b'] })
  for (const bad of [[], ['!a'], ['a', '!'], ['']])
    expect(() => splitPatterns(bad)).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }))
})

test.each([
  [['**/*.ts'], ['/r/1.ts', '/r/a/1.ts', '/r/b/c/4.ts', '/r/b/node_modules/p/4.ts', '/r/x[1].ts']],
  [
    ['**/*.ts', '!**/node_modules'],
    ['/r/1.ts', '/r/a/1.ts', '/r/b/c/4.ts', '/r/x[1].ts'],
  ],
  [
    ['**/*.ts', '!b/**'],
    ['/r/1.ts', '/r/a/1.ts', '/r/x[1].ts'],
  ],
  [
    ['{a,b}/**/*.{ts,js}', '!b/node_modules/**'],
    ['/r/a/1.ts', '/r/a/b/c/3.js', '/r/b/c/4.ts'],
  ],
  [['./a/../?.ts'], ['/r/1.ts']],
  [
    ['.*', '**/.h/**'],
    ['/r/.2.ts', '/r/a/.h/x/2.ts'],
  ],
  [['x[[]1].ts'], ['/r/x[1].ts']],
  [['[!a-w]*'], ['/r/1.ts', '/r/x[1].ts']],
  [['/r/a/*'], ['/r/a/1.ts']],
  [
    ['../r/ab', 'a{b', 'nothing/*', 'ab/'],
    ['/r/ab', '/r/a{b'],
  ],
])('%j', async (list, expected) => {
  const root = tree()
  const patterns = splitPatterns(
    list.map((pattern) => pattern.replace('/r/', `${root}/`).replace(`..${root}`, `../${root.split('/').at(-1)}`)),
  )
  const found = await matchFiles(patterns, root)
  expect(found.map((path) => path.replace(root, '/r'))).toEqual(expected)
  const isMeant = pathMatcher(patterns, { base: root })
  expect(
    NAMES.map((name) => join(root, name))
      .filter(isMeant)
      .sort(),
  ).toEqual(found)
  expect(
    NAMES.filter(isMeant)
      .map((name) => join(root, name))
      .sort(),
  ).toEqual(found)
})

test('hidden files are as others if one says so', async () => {
  const root = tree()
  const patterns = splitPatterns(['**/*', '!**/.h'])
  expect(await matchFiles(patterns, root, { hidden: true })).toHaveLength(NAMES.length - 1)
})

const segment = constantFrom(
  '*',
  '**',
  'a',
  'b',
  'c',
  '.*',
  '.h',
  '*.ts',
  '?.ts',
  '[a-c]',
  '[!a]',
  'a*',
  '{a,b}',
  'x',
  '{1,x*}.ts',
  '.',
  '..',
  '**.ts',
  'a{,b}',
)

test('here as by a list of paths, and as Node does it', async () => {
  const root = tree()
  const patterns = array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
  const cases: { include: string[]; exclude: string[] }[] = []
  assert(
    property(array(patterns, { minLength: 1, maxLength: 2 }), array(patterns, { maxLength: 1 }), (include, exclude) => {
      // Node has a file `a` for `a/**`, against its own matchesGlob, and steps up by `..` from whatever has matched.
      if ([...include, ...exclude].some((pattern) => /(^|\/)\.{1,2}(\/|$)|.\/\*\*$/.test(pattern))) return
      cases.push({ include, exclude })
    }),
    { numRuns: 300 },
  )
  for (const { include, exclude } of cases) {
    const isMeant = pathMatcher({ include, exclude })
    const ours = NAMES.filter(isMeant).sort()
    const nodes = globSync(include, { cwd: root, exclude }).filter((path) => lstatSync(join(root, path)).isFile())
    expect({ include, exclude, files: [...new Set(nodes)].sort() }).toEqual({ include, exclude, files: ours })
    expect((await matchFiles({ include, exclude }, root)).map((path) => path.slice(root.length + 1))).toEqual(ours)
  }
})

test('links to files count; links to folders are passed only by their name, so no circle is endless', async () => {
  const root = plant(testFolder(), {
    'a/1.ts': '',
    'link.ts': { link: 'a/1.ts' },
    'dead.ts': { link: 'nowhere' },
    loop: { link: '.' },
    'to-a': { link: 'a' },
  })
  const found = async (...list: string[]) =>
    (await matchFiles(splitPatterns(list), root)).map((path) => path.slice(root.length + 1))
  expect(await found('**/*.ts')).toEqual(['a/1.ts', 'link.ts'])
  expect(await found('to-a/*.ts', 'l*')).toEqual(['link.ts', 'to-a/1.ts'])
  expect(await found('loop/**/1.ts')).toEqual(['loop/a/1.ts'])
})

test('no pattern takes long, whatever it is', () => {
  const isMeant = pathMatcher({ include: [`${'*a'.repeat(60)}b`, `${'**/a/'.repeat(30)}b`], exclude: [] })
  expect(isMeant('a'.repeat(250))).toBe(false)
  expect(isMeant('a/'.repeat(500))).toBe(false)
  expect(() => pathMatcher({ include: ['{a,b}'.repeat(30)], exclude: [] })).toThrow(
    expect.objectContaining({ code: 'BAD_INPUT' }),
  )
  assert(
    property(string(), string(), (pattern, path) => void pathMatcher({ include: [pattern], exclude: [] })(path)),
    { numRuns: 500 },
  )
})
