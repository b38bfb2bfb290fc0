import { EverwarmError } from '../contracts/errors.ts'

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

/** FILE:LINE:COLUMN: what is wrong. The hint follows in brackets. */
export function faultText({ file, line, column, path, message, hint, severity }: Fault): string {
  const what = `${path === '' ? '' : `${path}: `}${message}`
  return `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${what}${hint ? ` (${hint})` : ''}`
}

export function pathText(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    if (/^[\w-]+$/.test(part)) return text === '' ? part : `${text}.${part}`
    return `${text}[${JSON.stringify(part)}]`
  }, '')
}

/** A workflow cannot run as it is written; `faults` are all that is wrong, not only the first. */
export class WorkflowInvalid extends EverwarmError {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const errors = faults.filter(({ severity }) => severity === 'error')
    const [first] = errors
    const more = errors.length > 1 ? ` And ${errors.length - 1} more.` : ''
    super('WORKFLOW_INVALID', {
      message: `${first ? faultText({ ...first, hint: undefined }) : 'The workflow is wrong.'}${more}`,
      hint: first?.hint ?? `Run \`everwarm workflow lint ${first?.file ?? 'FILE'}\` to see all that is wrong.`,
    })
    this.faults = faults
  }
}

/** @throws WorkflowInvalid if one of them is an error */
export function refuseFaults(faults: readonly Fault[]): void {
  if (faults.some(({ severity }) => severity === 'error')) throw new WorkflowInvalid(faults)
}
