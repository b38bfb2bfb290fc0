import type { FrontCommand } from './front-door.ts'
import { runCommand } from './run-command.ts'
import { vitestCommand } from './vitest-command.ts'

/** The words of the front door. A new one: one line here, and a host that takes its request, see `docs/protocol/front-door.md`. */
export const FRONT_COMMANDS: Readonly<Record<string, FrontCommand>> = {
  run: runCommand,
  vitest: vitestCommand,
}
