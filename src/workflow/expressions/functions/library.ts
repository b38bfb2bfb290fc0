import type { ExpressionHost } from '../host.ts'
import type { Scope } from '../scopes.ts'
import { conversionFunctions } from './conversion.ts'
import { dateFunctions } from './dates.ts'
import { evaluationForms } from './evaluation.ts'
import type { ExpressionFunction } from './function.ts'
import { jqFunctions } from './jq.ts'
import { listFunctions } from './lists.ts'
import { numberFunctions } from './numbers.ts'
import { pathFunctions } from './paths.ts'
import { secretFunctions } from './secrets.ts'
import { shellFunctions } from './shell.ts'
import { textFunctions } from './texts.ts'

/** Functions that ask the machine nothing: known at all stages. */
const PURE: readonly ExpressionFunction[] = [
  ...textFunctions,
  ...numberFunctions,
  ...listFunctions,
  ...conversionFunctions,
  ...evaluationForms,
  ...shellFunctions,
  ...jqFunctions,
]

const ofHost = (host: ExpressionHost): readonly ExpressionFunction[] => [
  ...pathFunctions(host),
  ...dateFunctions(host),
  ...secretFunctions(host),
]

const byName = (functions: readonly ExpressionFunction[]) => new Map(functions.map((known) => [known.name, known]))

/** The standard library as far as it needs no host, makepath() included. */
export const LIBRARY: Scope = { functions: byName([...PURE, ...ofHost({})]) }

/** The functions that a host makes possible, and `workingDir`. */
export function hostScope(host: ExpressionHost): Scope {
  const { cwd } = host
  return {
    functions: byName(ofHost(host)),
    ...(cwd === undefined ? {} : { lookup: (name) => (name === 'workingDir' ? cwd : undefined) }),
  }
}

const nowhere = () => {
  throw new Error('described only')
}

/** All functions that there can be, for documentation and for hints. They are not to be called. */
export const ALL_FUNCTIONS: readonly ExpressionFunction[] = [
  ...PURE,
  ...ofHost({ cwd: '/', now: nowhere, readFile: nowhere, glob: nowhere, secret: nowhere, credential: nowhere }),
]
