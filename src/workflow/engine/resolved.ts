import type { z } from 'zod'
import { finalize } from '../expressions/document.ts'
import type { FieldRole } from '../expressions/roles.ts'
import type { Scope } from '../expressions/scopes.ts'
import { rolesOf } from '../field-roles.ts'
import type { AnyOperation } from './operation.ts'
import { operationScopes } from './unit-scopes.ts'

/**
 * A value in which nothing is left to be resolved: all texts in it are templates.
 * @throws ExpressionError
 */
export const resolved = <T>(context: AnyOperation, value: T, more: readonly Scope[] = []): Promise<T> =>
  resolvedAs(context, value, 'force', more)

/** As its schema reads it. */
export const resolvedBy = <T>(context: AnyOperation, schema: z.ZodType, value: T, more: readonly Scope[] = []): Promise<T> =>
  resolvedAs(context, value, rolesOf(schema), more)

function resolvedAs<T>(context: AnyOperation, value: T, role: FieldRole, more: readonly Scope[]): Promise<T> {
  return context.unit.looking.at(() => finalize<T>(value, role, [...more, ...operationScopes(context)]), context.signal)
}
