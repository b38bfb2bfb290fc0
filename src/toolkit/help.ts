import type { ToolkitCommand } from './command.ts'
import { TOOLKIT_COMMANDS } from './commands.ts'

/** The help of one command. @param program as it was called */
export function commandHelp(program: string, name: string, { summary, args, options }: ToolkitCommand): string {
  const rows = optionRows(options)
  const width = Math.max(args.usage.length, ...rows.map(([written]) => written.length))
  return [
    `${program} ${name}: ${summary}`,
    `  ${args.usage.padEnd(width)}  ${args.about}`,
    ...rows.map(([written, about]) => `  ${written.padEnd(width)}  ${about}`),
  ].join('\n')
}

/** How each option is written, and what it is. */
export function optionRows(options: ToolkitCommand['options']): [string, string][] {
  return Object.entries(options).map(([name, { short, value, otherwise, multiple, about }]) => [
    `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`,
    `${about}${multiple ? '; may be repeated' : ''}${otherwise === undefined ? '' : ` (${otherwise})`}`,
  ])
}

export function toolkitHelp(program: string): string {
  const shown = Object.entries(TOOLKIT_COMMANDS).filter(([, { isHidden }]) => !isHidden)
  const width = Math.max(...shown.map(([name]) => name.length))
  return [
    'Operations of workflows as commands of their own: docs/toolkit.md.',
    '',
    ...shown.map(([name, { summary }]) => `  ${program} ${name.padEnd(width)}  ${summary}`),
    '',
    `  ${program} <command> --help`,
    '',
    'Exit codes: 0 done, 1 failed, 155 asked wrongly, 137 ended at once by a second signal.',
  ].join('\n')
}
