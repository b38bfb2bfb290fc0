import { expect, test } from 'vitest'
import { measureCapabilities } from './capabilities.ts'

const machine = { cpus: 4, memoryBytes: 8 * 1024 ** 3 }
const known = [
  { name: 'chromium', isFound: true },
  { name: 'firefox', isFound: true },
  { name: 'edge', isFound: false },
]

test('a worker says what was measured: browsers that are there, cores, memory in MB', () => {
  expect(measureCapabilities({}, known, machine)).toEqual({
    browsers: ['chromium', 'firefox'],
    maxConcurrent: 1,
    memory: 8192,
    cpu: 4,
  })
})

test('a worker may keep to some of its browsers', () => {
  expect(measureCapabilities({ browsers: ['firefox'], tags: ['gpu', 'gpu'], maxConcurrent: 3 }, known, machine)).toMatchObject({
    browsers: ['firefox'],
    tags: ['gpu'],
    maxConcurrent: 3,
  })
})

test('a browser that is not there cannot be promised', () => {
  expect(() => measureCapabilities({ browsers: ['edge'] }, known, machine)).toThrow(
    expect.objectContaining({ code: 'BROWSER_NOT_FOUND' }),
  )
  expect(() => measureCapabilities({ browsers: ['firefux'] }, known, machine)).toThrow(
    expect.objectContaining({ code: 'BAD_INPUT', hint: expect.stringContaining('Did you mean "firefox"?') }),
  )
})
