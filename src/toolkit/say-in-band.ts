import { encodeInBand } from '../content/in-band.ts'
import type { WorkflowEvent } from '../contracts/workflow/events.ts'
import type { Env } from '../system/settings.ts'
import type { ServiceAddress } from './keeper/addresses.ts'

/** The step in whose script this is: whoever runs it says so. Without one nobody is there who reads what is said. */
export const stepOf = (env: Env): string | undefined => env['EVERWARM_REF'] || env['WORKFLOW_STEP'] || undefined

/** Tells the engine around, in lines of standard output, what becomes of workers: the output `parallel` or `execute` of the step. */
export function workersInBand(name: 'parallel' | 'execute', env: Env): (event: WorkflowEvent) => void {
  const ref = stepOf(env)
  if (ref === undefined) return () => {}
  return (event) => {
    if (event.type !== 'worker' || event.unit !== '') return
    const { index, status, description, durationMs, error } = event
    say(ref, { name, isHint: false, value: { index, status, description, durationMs, error: error?.message } })
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
