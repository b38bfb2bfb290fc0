import { visibleLine } from '../../system/visible-text.ts'
import { type Path, pathText } from '../fault.ts'
import type { EditableYaml } from './editable-yaml.ts'

/** What was not taken over as it stood. Lines and columns count from 1. */
export interface ImportNote {
  file: string
  line: number
  column: number
  /** Of the field, such as `spec.steps[0].shell`. */
  path: string
  message: string
  /** Without a hand it does not do what it did. */
  isByHand: boolean
}

/** FILE:LINE:COLUMN: what was done, or what is to be done. */
export const noteText = ({ file, line, column, path, message, isByHand }: ImportNote): string =>
  visibleLine(`${file}:${line}:${column}: ${isByHand ? 'by hand: ' : ''}${path === '' ? '' : `${path}: `}${message}`)

/** A document that becomes one of ours, and what is said about it. */
export class Importing {
  readonly notes: ImportNote[] = []
  readonly yaml: EditableYaml
  readonly #file: string
  readonly #place: (offset: number) => { line: number; column: number }

  constructor(yaml: EditableYaml, file: string, place: (offset: number) => { line: number; column: number }) {
    this.yaml = yaml
    this.#file = file
    this.#place = place
  }

  /** Before the field goes: its place is looked up now. */
  note(path: Path, message: string, { isByHand = false, offset = this.yaml.offsetOf(path, 'key') } = {}): void {
    const text = pathText(path)
    if (this.notes.some((note) => note.path === text && note.message === message)) return
    this.notes.push({ ...this.placeOf(offset), path: text, message, isByHand })
  }

  placeOf = (offset: number) => ({ file: this.#file, ...this.#place(offset) })

  drop(path: Path, message: string, isByHand = false): void {
    this.note(path, message, { isByHand })
    this.yaml.remove(path)
  }
}
