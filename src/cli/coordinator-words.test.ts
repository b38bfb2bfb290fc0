import { expect, test } from 'vitest'
import { EverwarmError } from '../contracts/errors.ts'
import { aboutFolder, adminToken, originOf, publicNameOf } from './coordinator-words.ts'

const badInput = expect.objectContaining({ code: 'BAD_INPUT' })

test.each(['notaurl', 'null', 'ftp://a.example', 'https://a.example/path'])('%s is no origin', (given) =>
  expect(() => originOf(given)).toThrow(badInput),
)
test('an origin is read as a browser writes it', () =>
  expect(['https://A.example/', 'http://a.example:80'].map((given) => tried(given))).toEqual(['https://a.example', 'BAD_INPUT']))

test.each(['http://x', 'x:8632', 'a/b', ''])('"%s" is no public name', (given) =>
  expect(() => publicNameOf(given)).toThrow(badInput),
)
test('names and addresses of version 6 are public names', () =>
  expect(['ci.example.com', '[fd00::1]'].map(publicNameOf)).toEqual(['ci.example.com', '[fd00::1]']))

test('a token that can be guessed is refused', () => {
  expect(() => adminToken('short', '--token')).toThrow(badInput)
  expect(adminToken('0123456789abcdef', '--token')).toBe('0123456789abcdef')
  expect(adminToken(undefined, '--token')).toBeUndefined()
})

test('a folder that was named and cannot be used is a wrong word', () => {
  const unsafe = new EverwarmError('ADDRESS_UNSAFE', { message: 'It is not a folder.', hint: 'Set EVERWARM_HOME.' })
  expect(aboutFolder(unsafe, '/here')).toMatchObject({ code: 'BAD_INPUT', hint: expect.stringContaining('--folder') })
  expect(aboutFolder(unsafe, undefined)).toBe(unsafe)
})

function tried(given: string): string {
  try {
    return originOf(given)
  } catch (error) {
    return (error as EverwarmError).code
  }
}
