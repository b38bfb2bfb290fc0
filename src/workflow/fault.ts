import { EverwarmError } from '../contracts/errors.ts'
import { visibleLine } from '../system/visible-text.ts'

export type Path = readonly (string | number)[]

/** Something wrong in a file, where people find it. Lines and columns count from 1. */
export interface Fault {
  file: string
  line: number
  column: number
  /** Of the field, such as `spec.steps[0].shell`; empty for what is wrong with the text itself. */
  path: string
  message: string
  hint?: string
  /** A warning does not keep it from running. */
  severity: 'error' | 'warning'
}

/** By line and column; those of one place as they are. Sorts in place. */
export const inOrder = (faults: Fault[]): Fault[] => faults.sort((a, b) => a.line - b.line || a.column - b.column)

/** FILE:LINE:COLUMN: what is wrong. The hint follows in brackets. One line, whatever stands in the file. */
export function faultText({ file, line, column, path, message, hint, severity }: Fault): string {
  const what = `${path === '' ? '' : `${path}: `}${message}`
  const text = `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${what}${hint ? ` (${hint})` : ''}`
  return visibleLine(text)
}

export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (/^[\w-]+$/.test(part)) return text === '' ? part : `${text}.${part}`
    return `${text}[${JSON.stringify(part)}]`
  }, '')
}

const MOST_SHOWN = 50

/** A workflow cannot run as it is written; `faults` are all that is wrong, not only the first. */
export class WorkflowInvalid extends EverwarmError {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const errors = faults.filter(({ severity }) => severity === 'error')
    const [first] = errors
    super('WORKFLOW_INVALID', {
      message:
        errors.length > 1
          ? [`${errors.length} things are wrong:`, ...errors.slice(0, MOST_SHOWN).map(faultText)].join('\n')
          : first
            ? faultText({ ...first, hint: undefined })
            : 'The workflow is wrong.',
      hint: errors.length > 1 || first?.hint === undefined ? undefined : visibleLine(first.hint),
    })
    this.faults = faults
  }
}

/** @throws WorkflowInvalid if one of them is an error */
export function refuseFaults(faults: readonly Fault[]): void {
  if (faults.some(({ severity }) => severity === 'error')) throw new WorkflowInvalid(faults)
}
