import { expect, test } from 'vitest'
import { redactor } from './redact.ts'

const redact = redactor({ names: ['x-tenant', /^pin$/], values: ['s3cr3t-value', 'abc'] })

test.for([
  ['Authorization', 'Bearer x', 'REDACTED'],
  ['set-cookie', 'sid=1', 'REDACTED'],
  ['X-Api-Key', 'k', 'REDACTED'],
  ['x-auth-token', 'k', 'REDACTED'],
  ['X-Tenant', 't', 'REDACTED'],
  ['x-trace', 'of s3cr3t-value', 'of REDACTED'],
  ['content-type', 'text/plain', 'text/plain'],
  ['x-tokenizer', 'abc', 'abc'],
] as const)('the header %s: %s is recorded as %s', ([name, value, recorded]) => {
  expect(redact.header(name, value)).toBe(recorded)
})

test('secrets are taken out of addresses and bodies, wherever they stand', () => {
  expect(redact.url('http://u:p@h/a?access_token=1&page=2&pin=3')).toBe(
    'http://u:REDACTED@h/a?access_token=REDACTED&page=2&pin=REDACTED',
  )
  const body = JSON.stringify({ user: 'ann', password: 'x', list: [{ refreshToken: 'y' }, 's3cr3t-value'] })
  expect(JSON.parse(redact.body(body, 'application/json; charset=utf-8'))).toEqual({
    user: 'ann',
    password: 'REDACTED',
    list: [{ refreshToken: 'REDACTED' }, 'REDACTED'],
  })
  expect(redact.body('user=ann&password=x', 'application/x-www-form-urlencoded')).toBe('user=ann&password=REDACTED')
  expect(redact.body('not json: s3cr3t-value', 'application/json')).toBe('not json: REDACTED')
})
