import { expect, test } from 'vitest'
import { needPackages } from './needed-packages.ts'

test('all packages that are missing are named at once, with the line that installs them', () => {
  expect(() => needPackages(['pg-boss', 'hono', 'pg'], (name) => name === 'hono')).toThrow(
    expect.objectContaining({
      code: 'PACKAGE_MISSING',
      message: 'The coordinator needs pg-boss, pg, which are not installed.',
      hint: 'Run `npm install --save-dev pg-boss@12.30.0 pg`.',
    }),
  )
  expect(() => needPackages(['hono'])).not.toThrow()
})
