import type { z } from 'zod'
import { TOOLKIT_COMMANDS } from './commands.ts'
import { optionRows } from './help.ts'
import { ToolkitConfig } from './toolkit-config.ts'

/** All commands and their options, for docs/toolkit.md. */
export function commandTable(): string {
  const rows = Object.entries(TOOLKIT_COMMANDS).flatMap(([name, { summary, args, options, isHidden }]) =>
    isHidden
      ? []
      : [
          row(`\`${name} ${args.usage}\``, `${summary}. ${args.about}`),
          ...optionRows(options).map(([written, about]) => row(`\`${written}\``, about)),
        ],
  )
  return ['| command | |', '|---|---|', ...rows].join('\n')
}

/** Fields of `EVERWARM_CONFIG`. */
export function configTable(): string {
  const rows = Object.entries(ToolkitConfig.shape).flatMap(([name, schema]) => [
    row(`\`${name}\``, aboutOf(schema)),
    ...Object.entries(fieldsOf(schema)).map(([inner, field]) => row(`\`${name}.${inner}\``, aboutOf(field))),
  ])
  return ['| field | |', '|---|---|', ...rows].join('\n')
}

const row = (...cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`

interface Wrapped {
  innerType?: z.ZodType & Wrapped
  shape?: Record<string, z.ZodType>
}

/** What is around a type by `optional` and `default` says nothing itself. */
function aboutOf(schema: z.ZodType): string {
  const inner = (schema.def as Wrapped).innerType
  return schema.description ?? (inner ? aboutOf(inner) : '')
}

function fieldsOf(schema: z.ZodType): Record<string, z.ZodType> {
  const { innerType, shape } = schema.def as Wrapped
  return innerType ? fieldsOf(innerType) : (shape ?? {})
}
