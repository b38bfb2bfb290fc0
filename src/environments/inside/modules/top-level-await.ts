import { Script } from 'node:vm'

/**
 * Whether a module's text awaits outside of every function. V8 itself answers: in a class's static block
 * `await` is a syntax error unless a function of its own is around it. `code` has no import or export left.
 */
export function awaitsAtTopLevel(code: string): boolean {
  if (!/\bawait\b/.test(code)) return false
  return !compiles(`"use strict";class A{static{${code}\n}}`) && compiles(`"use strict";(async()=>{${code}\n})`)
}

function compiles(code: string): boolean {
  try {
    return new Script(code) instanceof Script
  } catch {
    return false
  }
}
