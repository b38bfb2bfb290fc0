import { expect, test } from 'vitest'
import { bailOf, refuseArgs, refuseLines, refuseOutside } from './refuse-args.ts'

const badInput = expect.objectContaining({ code: 'BAD_INPUT' })

test.each([
  ['vitest', ['--watch']],
  ['vitest', ['--coverage']],
  ['vitest', ['--coverage.enabled=true']],
  ['vitest', ['-t', 'a', '-u']],
  ['vitest', ['--update']],
  ['vitest', ['--shard=1/2']],
  ['vitest', ['--ui']],
  ['vitest', ['--inspect-brk']],
  ['playwright', ['--ui']],
  ['playwright', ['--shard', '1/2']],
  ['playwright', ['--update-snapshots']],
] as const)('%s %j is refused here and not by each worker', (host, args) =>
  expect(() => refuseArgs(host, args)).toThrow(badInput),
)

test.each([
  ['vitest', ['--coverage=false', '-t', 'cart', '--retry=2']],
  ['vitest', ['--coverage.enabled', 'false']],
  ['playwright', ['--update-snapshots=none', '--grep', 'cart']],
] as const)('%s %j goes with workers', (host, args) => expect(() => refuseArgs(host, args)).not.toThrow())

test('a line of a file is refused, and the hint names the file without it', () => {
  const hint = 'Name the file, and the test by its name: `e2e/a.spec.ts -- --grep NAME`.'
  expect(() => refuseLines('playwright', ['e2e/a.spec.ts:3:1'])).toThrow(expect.objectContaining({ code: 'BAD_INPUT', hint }))
  expect(() => refuseLines('vitest', ['a.test.ts:3'])).toThrow(badInput)
  expect(() => refuseLines('vitest', ['a.test.ts', 'a:b'])).not.toThrow()
})

test.each(['..', 'a/../../b', '/work', 'C:\\work', '\\work'])('the folder %s is outside of a checkout', (directory) =>
  expect(() => refuseOutside(directory)).toThrow(badInput),
)
test('folders below a checkout are not refused', () => ['.', 'packages/app', '..a/b'].forEach(refuseOutside))

test.each([
  ['vitest', ['--bail=1'], 1],
  ['vitest', ['-t', 'a', '--bail', '3'], 3],
  ['vitest', ['--bail'], undefined],
  ['playwright', ['--max-failures=2'], 2],
  ['playwright', ['-x'], 1],
  ['playwright', ['--bail=2'], undefined],
] as const)('%s %j ends a session after %j red files', (host, args, count) => expect(bailOf(host, args)).toBe(count))
