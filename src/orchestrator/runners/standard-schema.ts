import type { Issue } from '../../system/checked.ts'

/** What zod, valibot, arktype and others have in common. @see https://standardschema.dev */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>
    /** @see https://standardschema.dev/json-schema */
    readonly jsonSchema?: { readonly input: (options: { target: 'draft-2020-12' }) => Record<string, unknown> } | undefined
  }
}

type Result<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly GivenIssue[] }

interface GivenIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

export type OutputOf<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output']

/** @throws what a schema's own code throws */
export async function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Promise<{ value: Output } | { issues: Issue[] }> {
  const result = await schema['~standard'].validate(value)
  if (!result.issues) return { value: result.value }
  return { issues: result.issues.map(({ message, path }) => ({ path: pathText(path), message })) }
}

/** The input as JSON Schema; null where the schema cannot say it. */
export function jsonSchemaOf(schema: StandardSchema): Record<string, unknown> | null {
  try {
    return schema['~standard'].jsonSchema?.input({ target: 'draft-2020-12' }) ?? null
  } catch {
    // A schema with a part that JSON Schema has no words for.
    return null
  }
}

function pathText(path: GivenIssue['path']): string {
  return ['input', ...(path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))].join('.')
}
