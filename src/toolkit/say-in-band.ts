import { encodeInBand } from '../content/in-band.ts'
import type { WorkflowEvent } from '../contracts/workflow/events.ts'
import type { Env } from '../system/settings.ts'
import type { ServiceAddress } from './keeper/addresses.ts'

/** The step in whose script this is: whoever runs it says so. Without one nobody is there who reads what is said. */
export const stepOf = (env: Env): string | undefined => env['EVERWARM_REF'] || env['WORKFLOW_STEP'] || undefined

/**
 * Tells the engine around, in lines of standard output, what becomes of workers as it happens, and in the end of all of them: the
 * output `parallel` or `execute` of the step, a list in the order of their numbers.
 */
export function workersInBand(name: 'parallel' | 'execute', env: Env): { hear(event: WorkflowEvent): void; end(): void } {
  const workers: object[] = []
  return {
    hear(event) {
      if (stepOf(env) === undefined || event.type !== 'worker' || event.unit !== '') return
      const { index, status, description, durationMs, error } = event
      workers[index] = { index, status, description, durationMs, error: error?.message }
      sayHint(name, workers[index], env)
    },
    end() {
      const ref = stepOf(env)
      if (ref !== undefined) say(ref, { name, isHint: false, value: workers.filter(Boolean) })
    },
  }
}

/** The hint `services.<name>`: where its instances are. */
export function servicesInBand(services: Readonly<Record<string, readonly ServiceAddress[]>>, env: Env): void {
  for (const [name, value] of Object.entries(services)) sayHint(`services.${name}`, value, env)
}

/** About the step itself, no output of it. */
export function sayHint(name: string, value: unknown, env: Env): void {
  const ref = stepOf(env)
  if (ref !== undefined) say(ref, { name, isHint: true, value })
}

function say(ref: string, message: { name: string; isHint: boolean; value: unknown }): void {
  process.stdout.write(encodeInBand({ ref, ...message }))
}
