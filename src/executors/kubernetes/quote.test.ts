import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { commandLines, NO_FOLDER, NO_PROGRAM, quote } from './quote.ts'

const ODD = ["it's", 'a b', '', '$HOME `x` "q" \\', 'new\nline', 'ü→𝄞', '*', '-n']
const sh = (script: string, ...args: string[]) => execFileSync('sh', ['-c', script, 'sh', ...args], { encoding: 'utf8' })
const codeOf = (spec: Partial<Parameters<typeof commandLines>[0]>) => {
  const lines = commandLines({ argv: ['true'], env: {}, cwd: '/', ...spec }, ['OURS'])
  return sh('lines=$1; (set -- check; eval "$lines") 2>/dev/null; echo $?', lines).trim()
}

test('a shell reads quoted words as they are', () => {
  expect(sh(`printf '%s|' ${ODD.map(quote).join(' ')}`)).toBe(ODD.map((text) => `${text}|`).join(''))
})

test('a command gets its variables, also those whose names no shell has', () => {
  const env = { ODD: ODD.join(), 'A.B': 'dot', IFS: 'x' }
  const said = sh(
    'lines=$1; export OURS=1; set -- run; eval "$lines"',
    commandLines({ argv: ['env', '-0'], env, cwd: '/' }, ['OURS']),
  )
  expect(said.split('\0')).toEqual(expect.arrayContaining([`ODD=${ODD.join()}`, 'A.B=dot', 'IFS=x']))
  expect(said).not.toContain('OURS=')
})

test('what is not there is said before it is begun', () => {
  expect(codeOf({ argv: ['no-such-program'] })).toBe(String(NO_PROGRAM))
  expect(codeOf({ argv: ['/bin/no-such-program'] })).toBe(String(NO_PROGRAM))
  expect(codeOf({ cwd: '/no-such-folder' })).toBe(String(NO_FOLDER))
})
