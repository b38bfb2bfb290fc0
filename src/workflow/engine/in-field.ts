import { FieldError, ofField } from '../expressions/expression-error.ts'

/** Errors of what an act resolves are of fields below this one; those of containers name theirs in full. */
export async function below<T>(field: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof FieldError)) throw ofField(error, field)
    throw error.path?.startsWith('container.') ? error : error.below(field)
  }
}
