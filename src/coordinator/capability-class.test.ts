import { describe, expect, test } from 'vitest'
import { classOf, combinedNeeds, fits, needsOf, needsText } from './capability-class.ts'

describe('what a test needs', () => {
  test('is one class however it is written', () => {
    const one = classOf({ browsers: ['firefox', 'chromium', 'firefox'], tags: [], memory: 0 })
    expect(one).toBe('{"browsers":["chromium","firefox"]}')
    expect(classOf({ browsers: ['chromium', 'firefox'] })).toBe(one)
    expect(needsOf(one)).toEqual({ browsers: ['chromium', 'firefox'] })
    expect(classOf({})).toBe('{}')
  })

  test('is what the session needs, and what itself needs', () => {
    expect(
      combinedNeeds({ tags: ['gpu'], memory: 500 }, { needs: { browsers: ['chromium'], memory: 200, cpu: 2 } }),
    ).toMatchObject({
      browsers: ['chromium'],
      tags: ['gpu'],
      memory: 500,
      cpu: 2,
    })
  })

  test.each([
    [{ browsers: ['chromium'], maxConcurrent: 1 }, {}, true],
    [{ browsers: ['chromium'], maxConcurrent: 1 }, { browsers: ['chromium'] }, true],
    [{ browsers: ['chromium'], maxConcurrent: 1 }, { browsers: ['chromium', 'firefox'] }, false],
    [{ browsers: [], maxConcurrent: 1, tags: ['gpu', 'fast'] }, { tags: ['gpu'] }, true],
    [{ browsers: [], maxConcurrent: 1 }, { tags: ['gpu'] }, false],
    [{ browsers: [], maxConcurrent: 1, memory: 1_000 }, { memory: 1_001 }, false],
    [{ browsers: [], maxConcurrent: 1 }, { memory: 1_001, cpu: 64 }, true],
    [{ browsers: [], maxConcurrent: 1, commands: ['echo'] }, { commands: ['echo'] }, true],
    [{ browsers: [], maxConcurrent: 1 }, { commands: ['echo'] }, false],
    [{ browsers: [], maxConcurrent: 1, isLinked: false }, { commands: ['echo'] }, true],
    [{ browsers: [], maxConcurrent: 1 }, { asking: true as const }, false],
    [{ browsers: [], maxConcurrent: 1, isLinked: false }, { asking: true as const }, true],
  ])('%j fits %j: %s', (capabilities, needs, expected) => expect(fits({ isLinked: true, ...capabilities }, needs)).toBe(expected))

  test('can be read by people', () => {
    expect(needsText({ browsers: ['firefox'], memory: 512 })).toBe('browser firefox, 512 MB of memory')
    expect(needsText({})).toBe('nothing in particular')
  })
})
