import { expect, test } from 'vitest'
import { visibleData, visibleLine, visibleText } from './visible-text.ts'

test('what moves a cursor, begins a line or turns the text is shown as an escape', () => {
  expect(visibleLine('a\u001b]0;x\u0007\n\u202eb\u009b é😀')).toBe('a\\u001b]0;x\\u0007\\n\\u202eb\\u009b é😀')
  expect(visibleText('a\n\tb\r\u2066')).toBe('a\n\tb\\r\\u2066')
})

test('data keep their shape, and only texts that have many lines keep them', () => {
  const data = { name: 'a\nb', command: 'a\nb\u001b', list: ['\r'], 'k\n': 1, no: null }
  expect(visibleData(data, ['command'])).toEqual({ name: 'a\\nb', command: 'a\nb\\u001b', list: ['\\r'], 'k\\n': 1, no: null })
})
