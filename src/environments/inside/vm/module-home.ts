import type { Context } from 'node:vm'
import type { ContextModules, ModuleCallbacks } from './context-modules.ts'
import type { LinkedInRun } from './linked-in-run.ts'
import type { Shapes } from './shapes.ts'

/** Of a module, in the words of `vm.Module`. */
export type Status = 'unlinked' | 'linking' | 'linked' | 'evaluating' | 'evaluated' | 'errored'

export interface ModuleOptions extends ModuleCallbacks {
  identifier: string
  context: Context
}

/** What the modules of all contexts of a run have in common. */
export interface ModuleHome {
  readonly shapes: Shapes
  readonly linked: LinkedInRun
  modulesOf(context: Context): ContextModules
}
