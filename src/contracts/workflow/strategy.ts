import { z } from 'zod'
import { fieldRoles, flag, MOST_ITEMS, MOST_TEXT, wholeNumber } from './fields.ts'

/** A list, or an expression that gives one. Texts in a list are templates. */
export const ListOrExpression = z
  .union([z.array(z.unknown()).max(MOST_ITEMS).register(fieldRoles, { role: 'force' }), z.string().min(1).max(MOST_TEXT)], {
    error: 'must be a list, or an expression that gives one',
  })
  .describe('A list, or an expression that gives one.')
  .register(fieldRoles, { role: 'expression' })
export type ListOrExpression = z.infer<typeof ListOrExpression>

const VARIABLE = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'must be a name of letters, digits and _' })

/** How many workers there are, and what each has. */
export const strategyShape = {
  matrix: z.record(VARIABLE, ListOrExpression).describe('One worker for each combination of the lists.').optional(),
  shards: z.record(VARIABLE, ListOrExpression).describe('Lists of which each worker has a slice.').optional(),
  by: z
    .enum(['count', 'duration'])
    .describe('How `shards` are cut: `count` (default) into slices of as many items, `duration` into slices that take as long.')
    .optional(),
  dynamic: flag('Nothing is cut: workers pull items of `shards` from one queue, longest first.').optional(),
  count: wholeNumber('Exactly so many.').optional(),
  maxCount: wholeNumber('At most so many, and never more than the shortest list of `shards`.').optional(),
}
export const Strategy = z.strictObject(strategyShape)
export type Strategy = z.infer<typeof Strategy>
