import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { resolve } from '../src/workflow/expressions/resolve.ts'
import { PAGE, withFunctions } from './expression-functions.ts'

const page = readFileSync(PAGE, 'utf8')

test('the page of expressions has just the functions that there are (node scripts/expression-functions.ts)', () => {
  expect(withFunctions(page)).toBe(page)
})

test('every example on the page of expressions has the value that the page says', () => {
  const examples = [...page.matchAll(/^\| `([^`]+)` \| gives `([^`]+)` \|/gm)]
  expect(examples.length).toBeGreaterThan(10)
  for (const [, text, value] of examples) expect(JSON.stringify(resolve(text!.replaceAll('\\|', '|'), [])), text).toBe(value)
})
