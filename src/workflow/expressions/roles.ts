/**
 * How a field of a document is read.
 * - `template`: a text with `{{ }}`, or a list of such texts
 * - `expression`: a bare expression; a list or map instead of a text is taken as it is, with templates inside
 * - `force`: all texts in it are templates, however deep
 * - `ignore`: never touched
 * - an object: goes on inside (`include`)
 */
export type FieldRole = 'template' | 'expression' | 'force' | 'ignore' | IncludedFields

/** Roles may refer to themselves: a step has steps. What has no role is never touched. */
export interface IncludedFields {
  /** Of a map whose names are known. */
  readonly fields?: Readonly<Record<string, FieldRole>>
  /** Of a map whose names are the user's; `fields` come first. */
  readonly values?: FieldRole
  /** Of a list. */
  readonly items?: FieldRole
}

export const listOf = (items: FieldRole): IncludedFields => ({ items })
export const mapOf = (values: FieldRole): IncludedFields => ({ values })
