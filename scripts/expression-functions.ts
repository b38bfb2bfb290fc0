// node scripts/expression-functions.ts: writes the table of functions into docs/workflow-expressions.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { ALL_FUNCTIONS } from '../src/workflow/expressions/functions/library.ts'

export const PAGE = new URL('../docs/workflow-expressions.md', import.meta.url)
const MARK = '<!-- functions -->'

/** The page with the table between its two marks made anew. */
export function withFunctions(page: string): string {
  const [before, , after] = page.split(MARK)
  if (after === undefined) throw new Error(`The page needs two marks ${MARK}.`)
  return `${before}${MARK}\n${functionTable()}\n${MARK}${after}`
}

function functionTable(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  return Object.entries(Object.groupBy(ALL_FUNCTIONS, ({ group }) => group))
    .map(([group, functions]) => {
      const rows = functions.map(({ name, parameters, meaning }) => `| \`${name}(${cell(parameters)})\` | ${cell(meaning)} |`)
      return `\n### ${group[0]!.toUpperCase()}${group.slice(1)}\n\n| function | meaning |\n|---|---|\n${rows.join('\n')}\n`
    })
    .join('')
}

if (import.meta.main) writeFileSync(PAGE, withFunctions(readFileSync(PAGE, 'utf8')))
