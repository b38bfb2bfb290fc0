import { z } from 'zod'

/**
 * What expressions mean in a field. `template`: text with `{{ … }}`; `expression`: an expression without braces;
 * `include`: has fields of its own; `force`: all texts in it are templates; `ignore`: taken as it is.
 */
export type FieldRole = 'template' | 'expression' | 'include' | 'force' | 'ignore'

/** The roles of fields that are not `include` (objects, lists) or `ignore` (all others). */
export const fieldRoles = z.registry<{ role: FieldRole }>()

export const MOST_TEXT = 262_144
export const MOST_ITEMS = 10_000

/** Taken as it is. */
export const plain = (about: string) => z.string().min(1).max(1_024).describe(about)

export const flag = (about: string) => z.boolean().describe(about)

export const template = (about: string) => z.string().max(MOST_TEXT).describe(about).register(fieldRoles, { role: 'template' })

export const templates = (about: string) => z.array(template('Text with `{{ … }}`.')).max(MOST_ITEMS).describe(about)

export const templateMap = (about: string) => z.record(z.string(), template('Text with `{{ … }}`.')).describe(about)

/** Without braces: `passed && config.deep`. */
export const expression = (about: string) =>
  z
    .union([z.string().min(1).max(MOST_TEXT), z.boolean()], { error: 'must be an expression, such as `passed`' })
    .describe(about)
    .register(fieldRoles, { role: 'expression' })

/** A whole number of at least `min`, or an expression that gives one. */
export const wholeNumber = (about: string, min = 0) =>
  z
    .union([z.int().min(min), z.string().min(1).max(MOST_TEXT)], {
      error: `must be a whole number of at least ${min}, or an expression that gives one`,
    })
    .describe(about)
    .register(fieldRoles, { role: 'expression' })

const DURATION = /^(?:(?:\d+(?:\.\d+)?(?:ms|h|m|s))+|[^]*\{\{[^]*)$/

/** `1h30m`, `90s`, `250ms`, or text with `{{ … }}` that gives one. */
export const duration = (about: string) =>
  z
    .string()
    .max(1_024)
    .regex(DURATION, { error: 'must be a duration: numbers with h, m, s or ms, such as `1m30s`' })
    .describe(about)
    .register(fieldRoles, { role: 'template' })

/** Handed on as it is, but for the templates in it. */
export const anyObject = (about: string) =>
  z.record(z.string(), z.unknown()).describe(about).register(fieldRoles, { role: 'force' })

export const anyList = (about: string) =>
  z.array(z.record(z.string(), z.unknown())).max(MOST_ITEMS).describe(about).register(fieldRoles, { role: 'force' })

/** A value for a parameter: text, number or truth value. */
export const scalar = (about: string) =>
  z
    .union([z.string().max(MOST_TEXT), z.number(), z.boolean()], { error: 'must be a text, a number, true or false' })
    .describe(about)
    .register(fieldRoles, { role: 'force' })

export const Uses = z
  .strictObject({
    name: plain('Name of a document of kind WorkflowTemplate.'),
    config: z.record(z.string(), scalar('Value of a parameter.')).optional().describe('Values of the template’s parameters.'),
  })
  .meta({ id: 'Uses' })
export type Uses = z.infer<typeof Uses>

export const Target = anyObject('Which workers may run it.')
