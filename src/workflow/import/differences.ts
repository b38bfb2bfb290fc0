import { WorkflowDocument } from '../../contracts/workflow/document.ts'
import type { Path } from '../fault.ts'
import { namesIn } from '../field-expressions.ts'
import { isMapLike, type TextField, textFields } from '../schema-walk.ts'
import type { Importing } from './notes.ts'

/** Names that nobody knows here, and what there is instead. */
const NAMES: readonly [RegExp, string, boolean][] = [
  [/^internal\./, 'is of the inside of Testkube; there is nothing like it here. Take it out.', true],
  [
    /^(?:dashboard|organization|environment)\./,
    'is of Testkube’s own pages; there are none here. Make it a parameter in `spec.config`.',
    true,
  ],
  [/^execution\.runningContext\b/, 'is not known here. Make it a parameter in `spec.config`.', true],
  [/^execution\.number$/, 'is always 1 here.', false],
]

/** What is written as it was, and means something else here, or nothing. */
export function noteDifferences(importing: Importing): void {
  for (const field of textFields(WorkflowDocument, importing.yaml.value)) {
    noteNames(importing, field)
    noteOperators(importing, field)
  }
  noteRetries(importing, importing.yaml.value, [])
}

function noteNames(importing: Importing, { path, text, role }: TextField): void {
  for (const name of namesIn(text, role)) {
    const [, message, isByHand] = NAMES.find(([pattern]) => pattern.test(name)) ?? []
    if (message === undefined) continue
    importing.note(path, `\`${name}\` ${message}`, { isByHand: isByHand!, offset: importing.yaml.offsetWithin(path, name) })
  }
}

/** There, both operators have one precedence, and a minus takes all that follows. */
function noteOperators(importing: Importing, { path, text, role }: TextField): void {
  const inside = role === 'expression' ? [text] : [...text.matchAll(/\{\{([^]*?)\}\}/g)].map((match) => match[1]!)
  const bare = inside.map((each) => each.replaceAll(/"[^"]*"|'[^']*'/g, '""'))
  if (bare.some((each) => each.includes('&&') && each.includes('||')))
    importing.note(path, '`&&` is stronger than `||` here; put brackets where they were meant.', { isByHand: true })
  else if (bare.some((each) => /(?:^|[(,?:&|=<>+*/%-])\s*-\s*[\w(].*[-+*/%=<>?]/.test(each)))
    importing.note(path, 'A minus takes only what stands beside it here; put brackets where they were meant.', { isByHand: true })
}

const UNITS = ['parallel', 'services', 'steps', 'setup', 'execute'] as const

function noteRetries(importing: Importing, value: unknown, path: Path): void {
  if (typeof value !== 'object' || value === null) return
  const units = isMapLike(value) && 'retry' in value && path.at(-1) !== 'git' ? UNITS.filter((name) => name in value) : []
  if (units.length > 0) importing.note([...path, 'retry'], `The whole step is tried again here, with its ${units.join(', ')}.`)
  for (const [key, inner] of Object.entries(value))
    noteRetries(importing, inner, [...path, Array.isArray(value) ? Number(key) : key])
}
