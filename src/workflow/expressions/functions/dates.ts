import type { ExpressionHost } from '../host.ts'
import { textOf } from '../values.ts'
import { formatDate } from './date-layout.ts'
import type { PlainFunction } from './function.ts'

const ISO_LAYOUT = '2006-01-02T15:04:05.000Z07:00'

export const dateFunctions = ({ now }: ExpressionHost): PlainFunction[] =>
  now
    ? [
        {
          name: 'date',
          group: 'dates',
          parameters: 'layout="2006-01-02T15:04:05.000Z07:00"',
          meaning: 'the time now, in UTC; the layout is how Monday, January 2, 2006, 15:04:05 would be written (as in Go)',
          min: 0,
          max: 1,
          call([layout = ISO_LAYOUT], budget) {
            const text = formatDate(new Date(now()), textOf(layout, budget))
            budget.text(text.length)
            return text
          },
        },
      ]
    : []
