import { expect, test } from 'vitest'
import { labelValue, objectName } from './names.ts'

test('a name that is one stays; others are cut, marked and still different', () => {
  expect(objectName('ew', 'abc12', 's1')).toBe('ew-abc12-s1')
  const long = ['a', 'b'].map((end) => objectName('ew', 'x'.repeat(60), end))
  expect(new Set(long).size).toBe(2)
  for (const name of [...long, objectName('ew', 'Ümläut', '-')]) expect(name).toMatch(/^[a-z0-9][a-z0-9-]{0,50}[a-z0-9]$/)
})

test('a value of a label is one', () => {
  for (const text of ['plain', '', 'a b', '-x-', 'ü', 'y'.repeat(90)])
    expect(labelValue(text)).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/)
  expect(labelValue('a b')).not.toBe(labelValue('a_b'))
})
