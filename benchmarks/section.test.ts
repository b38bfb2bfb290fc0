import { expect, test } from 'vitest'
import { withSection } from './section.ts'

test('a part is put at the end, and later in its own place, and what others wrote stays', () => {
  const first = withSection('# Benchmarks\n\nby hand\n', 'vitest', 'A\n')
  expect(first).toBe('# Benchmarks\n\nby hand\n\n<!-- vitest -->\n\nA\n\n<!-- /vitest -->\n')
  const both = withSection(first, 'sharding', 'B')
  expect(withSection(both, 'vitest', 'new')).toBe(
    '# Benchmarks\n\nby hand\n\n<!-- vitest -->\n\nnew\n\n<!-- /vitest -->\n\n<!-- sharding -->\n\nB\n\n<!-- /sharding -->\n',
  )
  expect(withSection(both, 'sharding', 'B')).toBe(both)
})
