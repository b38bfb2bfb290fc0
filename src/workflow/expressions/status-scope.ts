import { type Expression, parseExpression } from './expression.ts'
import { namesScope, type Scope } from './scopes.ts'

const PASSED = (status: string) => `${status} == "passed"`
const FAILED = (status: string) => `${status} != "passed" && ${status} != "skipped"`

/** `passed failed success error always never` over `status`, and the same of `self` over `self.status`. Nothing else is known. */
export const STATUS_ALIASES: Scope = namesScope(
  Object.fromEntries(
    Object.entries({
      always: 'true',
      never: 'false',
      ...aliases('', 'status'),
      ...aliases('self.', 'self.status'),
    }).map(([name, text]): [string, Expression] => [name, parseExpression(text)]),
  ),
)

function aliases(prefix: string, status: string): Record<string, string> {
  return {
    [`${prefix}passed`]: PASSED(status),
    [`${prefix}success`]: PASSED(status),
    [`${prefix}failed`]: FAILED(status),
    [`${prefix}error`]: FAILED(status),
  }
}

/** `labels.NAME`, in which `.`, `-` and `/` are `_`. A missing label is null. */
export function labelsScope(labels: Readonly<Record<string, string>>): Scope {
  return namesScope({
    labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [name.replace(/[./-]/g, '_'), value])),
  })
}
