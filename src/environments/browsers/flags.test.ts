import { expect, test } from 'vitest'
import { withoutUnseen } from './flags.ts'

test.for<[string, string[], string[]]>([
  [
    'the list grows',
    ['--headless', '--disable-features=A,B'],
    ['--headless', '--disable-features=A,B,WebUIOmniboxPopup,WebUIOmniboxAimPopup'],
  ],
  [
    'of two lists the last one counts',
    ['--disable-features=A', '--disable-features=B'],
    ['--disable-features=A', '--disable-features=B,WebUIOmniboxPopup,WebUIOmniboxAimPopup'],
  ],
  ['without a list nothing changes', ['--headless'], ['--headless']],
  [
    'what the caller asked for stays',
    ['--disable-features=A', '--enable-features=WebUIOmniboxPopup'],
    ['--disable-features=A', '--enable-features=WebUIOmniboxPopup'],
  ],
])('%s', ([, args, changed]) => {
  expect(withoutUnseen(args)).toEqual(changed)
})
