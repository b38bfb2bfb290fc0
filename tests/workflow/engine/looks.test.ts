import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { matchFiles } from '../../../src/content/glob.ts'
import { begin, run } from './house.ts'

test('a look at all files of a machine ends with the time of its step', async () => {
  const { result, statuses, output } = await run(`
steps:
  - { name: looks, timeout: 50ms, optional: true, shell: 'echo {{ len(glob("/**/*")) }}' }
  - { name: kept, timeout: 50ms, optional: true, artifacts: { paths: [ '{{ len(glob("/**/*")) }}' ] } }
  - { name: next, shell: echo goes on }`)
  expect(result.status).toBe('passed')
  expect(statuses).toMatchObject({ looks: 'timeout', kept: 'timeout', next: 'passed' })
  expect(output).toBe('goes on\n')
})

test.each([
  ['a cancel ends the look of a step', 1, `{ name: looks, shell: 'echo {{ len(glob("/**/*")) }}' }`],
  // It may be one that cleans up: the first cancel lets it be decided.
  ['the second cancel ends the look of a condition', 2, `{ name: looks, condition: 'len(glob("/**/*")) > 0', shell: 'true' }`],
])('%s', async (_, times, step) => {
  const { running, heard } = await begin(`
steps:
  - { name: first, shell: 'true' }
  - ${step}`)
  await heard((event) => event.type === 'step' && event.status === 'passed')
  for (let time = 0; time < times; time++) running.cancel('enough')
  expect(await running.ended).toMatchObject({ status: 'canceled' })
})

test('a walk ends when it is given up', async () => {
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(matchFiles({ include: ['**/*'], exclude: [] }, tmpdir(), { signal })).rejects.toThrow('enough')
})
