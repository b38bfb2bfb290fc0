import { expect, test } from 'vitest'
import { Foresight } from './foresight.ts'

const fetchOf = (id: string) => ({ t: 'q' as const, i: '1', m: 'fetch', a: [id, undefined, 'ssr', { cached: false }] })

test('what one file has asked about itself, the next will ask about itself', () => {
  const foresight = new Foresight('/project')
  foresight.learn({ t: 'q', m: 'resolve', a: ['/project/a.test.ts', undefined, 'ssr'] }, '/project/a.test.ts')
  foresight.learn(fetchOf('/a.test.ts'), '/project/a.test.ts')
  expect(foresight.questions('/project/deep/b.test.ts')).toEqual([
    { m: 'resolve', a: ['/project/deep/b.test.ts', undefined, 'ssr'] },
    { m: 'fetch', a: ['/deep/b.test.ts', undefined, 'ssr', { cached: false }] },
  ])
})

test('questions about other files teach nothing, nor do reports', () => {
  const foresight = new Foresight('/project')
  foresight.learn(fetchOf('/src/util.ts'), '/project/a.test.ts')
  foresight.learn({ t: 'q', m: 'onQueued', a: ['/project/a.test.ts'] }, '/project/a.test.ts')
  expect(foresight.questions('/project/b.test.ts')).toEqual([])
})

test('nothing is foreseen of a file outside of the root, which Vite names in another way', () => {
  const foresight = new Foresight('/project')
  foresight.learn(fetchOf('/a.test.ts'), '/project/a.test.ts')
  expect(foresight.questions('/elsewhere/b.test.ts')).toEqual([])
})
